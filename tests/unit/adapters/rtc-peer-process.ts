// A device in a process of its own that answers whoever calls: `node rtc-peer-process.ts BROKER`, started by a test.
import { testTransport } from './rtc-pair.ts';

const { device, transport } = await testTransport(process.argv[2] ?? '');
transport.onIncoming((channel) => channel.onMessage((message) => channel.send(message)));
process.send?.(device);
setInterval(() => undefined, 60_000);
