// The node as the page knows it: whether it answers, what it says of itself, who it is connected to.
import { ask, lines, start, type Line, type LinkState } from './api';

export type Status = {
  version: string; role: string; user: string; self: string; key: string; http: string; uptime_ms: number; neighbors: number;
  links: number; contacts: number; queries_in: number; queries_out: number; tracks: number; digests: number; standing: number; network_peers: number; index_bytes: number; shares: number;
  published: string; routes: string[];
};
export type Peer = {
  key: string; endpoint: string; agent: string; neighbor: boolean; inbound: boolean; connected_ms: number; bytes_in: number; bytes_out: number;
  score: number; deeds: Record<string, number>;
};
export type Rate = { in: number; out: number };

const kStatusPeriod = 3000;
const kPeersPeriod = 2000;
const kRates = 60;  // two minutes

export const node = $state({
  link: 'opening' as LinkState,
  status: null as Status | null,
  peers: [] as Peer[],
  rates: [] as Rate[],
});

/** True when the node offers a route to this user: what it does not offer is not shown. */
export function can(route: string): boolean {
  return node.status?.routes.includes(route) ?? false;
}

export function connect(): void {
  void start((state) => {
    node.link = state;
    if (state === 'open') void readStatus();
  });
  setInterval(() => {
    if (node.link === 'open' && !document.hidden) void readStatus();
  }, kStatusPeriod);
}

async function readStatus(): Promise<void> {
  const line = await ask('GET', '/api/v1/status').catch(() => null);
  if (line) node.status = line as unknown as Status;
}

let before: { at: number; sums: Map<string, [number, number]> } | null = null;

export async function readPeers(): Promise<void> {
  const peers: Peer[] = [];
  const take = (line: Line) => {
    if (line.type === 'peer') peers.push(line as unknown as Peer);
  };
  await lines('GET', '/api/v1/peers', null, take).catch(() => {});
  node.peers = peers.sort((a, b) => Number(b.neighbor) - Number(a.neighbor) || b.connected_ms - a.connected_ms);
  measure(peers);
}

// Bytes a second since the last reading, over the links that were there then too.
function measure(peers: Peer[]): void {
  const now = { at: performance.now(), sums: new Map(peers.map((peer) => [peer.key, [peer.bytes_in, peer.bytes_out]])) };
  if (before) {
    const seconds = Math.max(0.1, (now.at - before.at) / 1000);
    let inn = 0;
    let out = 0;
    for (const peer of peers) {
      const old = before.sums.get(peer.key);
      if (!old) continue;
      inn += Math.max(0, peer.bytes_in - old[0]);
      out += Math.max(0, peer.bytes_out - old[1]);
    }
    node.rates = [...node.rates, { in: inn / seconds, out: out / seconds }].slice(-kRates);
  }
  before = now as { at: number; sums: Map<string, [number, number]> };
}

/** Reads the peers while a view shows them; the function that comes back ends it. */
export function watchPeers(): () => void {
  void readPeers();
  const timer = setInterval(() => {
    if (node.link === 'open' && !document.hidden) void readPeers();
  }, kPeersPeriod);
  return () => clearInterval(timer);
}
