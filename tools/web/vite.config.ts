// Builds the page into dist, gzipped, for the node to carry (tools/node/embed_page.cmake). `npm run dev` serves it with
// live reload and hands API calls on to a node: EARSHOT_NODE=http://127.0.0.1:4080 npm run dev
import { gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';
import { svelte } from '@sveltejs/vite-plugin-svelte';

const node = process.env.EARSHOT_NODE ?? 'http://127.0.0.1:4080';

// Text files are kept gzipped only: every browser takes them so, and they are smaller in the repository too.
function gzipped(): Plugin {
  return {
    name: 'gzipped',
    apply: 'build',
    enforce: 'post',
    generateBundle(_, bundle) {
      for (const [name, file] of Object.entries(bundle)) {
        if (!/\.(js|css)$/.test(name)) continue;
        const source = file.type === 'chunk' ? file.code : file.source;
        delete bundle[name];
        this.emitFile({ type: 'asset', fileName: `${name}.gz`, source: gzipSync(source, { level: 9 }) });
      }
    },
  };
}

export default defineConfig({
  plugins: [
    svelte({
      compilerOptions: { css: 'external' },
      onwarn(warning) {
        throw new Error(`${warning.filename}: ${warning.message}`);
      },
    }),
    gzipped(),
  ],
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: false, reportCompressedSize: false },
  server: { proxy: { '/api': { target: node, ws: true }, '/content': node } },
});
