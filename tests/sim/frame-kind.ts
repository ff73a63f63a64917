/** Header of a frame: u16 length, then CBOR in which `t`, `id` and `ask` are found without decoding all of it. */
const HEADER_START = 2;

const T = Buffer.from([0x61, 0x74]);
const ID = Buffer.from([0x62, 0x69, 0x64]);
const ASK = Buffer.from([0x63, 0x61, 0x73, 0x6b]);

/** Tells what each frame of a network is for: an item belongs to the request it was sent for. */
export class FrameKinds {
  /** pair → number of a request → what it asks */
  readonly #asked = new Map<string, Map<number, string>>();

  /** 'handshake', 'heartbeat', 'put', 'get', 'roster' …, each with all replies and items that belong to it. */
  kindOf(message: Uint8Array, from: string, to: string): string {
    const end = HEADER_START + (((message[0] ?? 0) << 8) | (message[1] ?? 0));
    const header = Buffer.from(message.buffer, message.byteOffset, Math.min(end, message.length));
    const type = textAfter(header, T);
    switch (type) {
      case 'ping':
      case 'pong':
        return 'heartbeat';
      case 'hello':
      case 'prove':
      case 'welcome':
        return 'handshake';
      case 'bye':
        return 'bye';
      default: {
        const pair = from < to ? `${from}${to}` : `${to}${from}`;
        let asked = this.#asked.get(pair);
        if (asked === undefined) this.#asked.set(pair, (asked = new Map<number, string>()));
        const id = uintAfter(header, ID);
        if (type === 'request') asked.set(id, textAfter(header, ASK));
        return asked.get(id) ?? 'other';
      }
    }
  }
}

function textAfter(header: Buffer, key: Buffer): string {
  const at = header.indexOf(key, HEADER_START);
  if (at < 0) return '';
  const start = at + key.length + 1;
  return header.toString('latin1', start, start + ((header[start - 1] ?? 0) & 0x1f));
}

function uintAfter(header: Buffer, key: Buffer): number {
  const at = header.indexOf(key, HEADER_START) + key.length;
  const first = header[at] ?? 0;
  if (first < 24) return first;
  const bytes = 1 << (first - 24);
  return bytes <= 4 ? header.readUIntBE(at + 1, bytes) : Number(header.readBigUInt64BE(at + 1));
}
