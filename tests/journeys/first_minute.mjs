// J1, the first minute: a person who has just installed earshot starts it, opens the page that it prints, is told how to get
// further, shares a folder, finds and plays, asks the doctor, and stops it. Nobody edits a file or types a password.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { check, closeBrowser, data, journey, openAddress, say, temporaryFolder } from './stage.mjs';

const kMinute = 60_000;
const run = promisify(execFile);

journey(async () => {
  const datadir = join(temporaryFolder(), 'fresh');
  const earshot = async (...words) => {
    const { stdout } = await run(process.env.EARSHOT, [...words, '--json', '--datadir', datadir]);
    return stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  };
  const began = Date.now();
  const [up] = await earshot('up', '--no-page', '--listen', '127.0.0.1:0', '--lan', 'false', '--log-level', 'error');
  try {
    check(/#link=[0-9a-f]+$/.test(up.page), `a link that opens the page once: ${up.page}`);
    const page = await openAddress(up.page);
    await page.getByText('No computer reached yet').waitFor();
    await page.goto(`${new URL(up.page).origin}/#/library`);
    await page.getByLabel('Folder on this computer').fill(data);
    await page.getByRole('button', { name: 'Share', exact: true }).click();
    await page.getByText(/tracks? (is|are) shared/).waitFor();
    await page.goto(`${new URL(up.page).origin}/#/search?q=tone`);
    await page.getByRole('button', { name: /^Play / }).first().click();
    await page.locator('.bar').waitFor();
    const took = Date.now() - began;
    say(`from nothing to sound in ${(took / 1000).toFixed(1)} s (limit 60)`);
    check(took < kMinute, 'within a minute');
    const findings = await earshot('doctor').catch((error) => error.stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line)));
    const bad = findings.filter((finding) => finding.type === 'finding' && finding.level !== 'good');
    check(bad.every((finding) => finding.remedy !== ''), 'what the doctor finds has a remedy');
    say(`the doctor looked at ${findings.length} things; ${bad.length} of them have advice`);
  } finally {
    await closeBrowser();
    await earshot('down');
  }
});
