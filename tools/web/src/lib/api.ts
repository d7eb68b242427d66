// Talks to the node: one WebSocket that carries every call (tools/node/socket_calls.h), opened again when it breaks, and
// plain HTTP for coming in and for the bytes of files.

export type Line = { v: number; type: string; [field: string]: unknown };
export type Reply = { status: number; line: Line | null };

export class CallError extends Error {
  constructor(readonly code: string, what: string) {
    super(what);
  }
}

type Call = { onLine: (line: Line) => void; end: (reply: Reply) => void; fail: (error: Error) => void };

const kTokenKey = 'earshot.token';
let token = '';
let socket: WebSocket | null = null;
let waiting: string[] = [];
let wait = 250;
let last = 0;
const calls = new Map<number, Call>();
let onState: (state: LinkState) => void = () => {};

/** 'locked': the node wants a link or a password. 'lost': it does not answer; tried again by itself. */
export type LinkState = 'opening' | 'open' | 'lost' | 'locked';

export async function start(told: (state: LinkState) => void): Promise<void> {
  onState = told;
  token = localStorage.getItem(kTokenKey) ?? '';
  const link = /[#&]link=([0-9a-f]+)/.exec(location.hash)?.[1];
  if (link) {
    history.replaceState(null, '', location.pathname);
    await comeIn({ link }).catch(() => {});
  }
  open();
}

/** Opens a session with a link's secret, or a name and a password. */
export async function comeIn(by: { link: string } | { user: string; password: string }): Promise<void> {
  const response = await fetch('/api/v1/sessions', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(by),
  });
  const line = (await response.json()) as Line;
  if (!response.ok) throw new CallError(String(line.code), String(line.what));
  token = String(line.token);
  localStorage.setItem(kTokenKey, token);
  open();
}

export async function leave(): Promise<void> {
  await http('DELETE', '/api/v1/sessions').catch(() => {});
  localStorage.removeItem(kTokenKey);
  token = '';
  socket?.close();
  onState('locked');
}

function open(): void {
  if (socket && socket.readyState <= WebSocket.OPEN) return;
  if (!token) return onState('locked');
  onState('opening');
  const fresh = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/api/v1/socket`, ['earshot.v1', `token.${token}`]);
  socket = fresh;
  fresh.onopen = () => {
    wait = 250;
    for (const text of waiting) fresh.send(text);
    waiting = [];
    onState('open');
  };
  fresh.onmessage = (event) => take(JSON.parse(event.data as string));
  fresh.onclose = () => {
    if (socket === fresh) void lost();
  };
}

// A browser does not tell a page why a WebSocket was refused: a plain request does.
async function lost(): Promise<void> {
  socket = null;
  for (const call of calls.values()) call.fail(new CallError('unreachable', 'the node does not answer'));
  calls.clear();
  waiting = [];
  const answer = await fetch('/api/v1/status', { headers: { Authorization: `Bearer ${token}` } }).catch(() => null);
  if (answer?.status === 401) {
    token = '';
    localStorage.removeItem(kTokenKey);
    return onState('locked');
  }
  onState('lost');
  setTimeout(open, wait);
  wait = Math.min(wait * 2, 8000);
}

function take(message: { id: number; status?: number; line?: Line; end?: boolean }): void {
  const call = calls.get(message.id);
  if (!call) return;
  if (!message.end) return call.onLine(message.line!);
  calls.delete(message.id);
  call.end({ status: message.status ?? 200, line: message.line ?? null });
}

export type Body = Record<string, unknown>;

/** Every line goes to `onLine`; the promise ends with the last one. An error line, or a refusal, is thrown. */
export function lines(method: string, path: string, body: Body | null, onLine: (line: Line) => void, signal?: AbortSignal): Promise<Line | null> {
  return new Promise((resolve, reject) => {
    const id = ++last;
    let final: Line | null = null;
    const text = JSON.stringify({ id, method, path, ...(body ? { body } : {}) });
    calls.set(id, {
      onLine(line) {
        final = line;
        if (line.type !== 'error') onLine(line);
      },
      end(reply) {
        const line = reply.line ?? final;
        if (line?.type === 'error') reject(new CallError(String(line.code), String(line.what)));
        else resolve(line);
      },
      fail: reject,
    });
    signal?.addEventListener('abort', () => {
      if (!calls.delete(id)) return;
      if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ id, cancel: true }));
      resolve(final);
    });
    if (socket?.readyState === WebSocket.OPEN) socket.send(text);
    else waiting.push(text);
  });
}

/** A call that is answered by one object. */
export async function ask(method: string, path: string, body: Body | null = null): Promise<Line> {
  const line = await lines(method, path, body, () => {});
  if (!line) throw new CallError('invalid', 'an empty answer');
  return line;
}

/** The same over plain HTTP, where bytes are sent. */
export async function http(method: string, path: string, bytes?: Blob): Promise<Line> {
  const response = await fetch(path, {
    method,
    headers: { Authorization: `Bearer ${token}`, ...(bytes ? { 'Content-Type': 'application/octet-stream' } : {}) },
    ...(bytes ? { body: bytes } : {}),
  });
  const line = (await response.json()) as Line;
  if (!response.ok) throw new CallError(String(line.code), String(line.what));
  return line;
}
