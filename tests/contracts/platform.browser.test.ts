import { describe, expect, inject, it } from 'vitest';
import { browserFamily, operatingSystem } from '../../src/adapters/web/about.ts';
import { createConsoleLog } from '../../src/adapters/web/console-log.ts';
import { createWebPlatform } from '../../src/adapters/web/platform.ts';
import { deviceIdOfKey } from '../../src/core/ids.ts';
import { patternBytes } from './expect-fault.ts';

const make = (): ReturnType<typeof createWebPlatform> =>
  createWebPlatform({ origin: inject('broker'), version: '1.2.3', log: createConsoleLog('warn') });

describe('the platform of a browser', () => {
  it('reaches the broker both ways and gives everything up when it is wiped', async () => {
    const platform = await make();
    const { key, publicKey } = await platform.vault.deviceKey();
    await platform.blobs.append('v1', patternBytes(100));
    await platform.meta.write([{ kind: 'put', table: 'first', key: 'a', value: patternBytes(3) }]);
    const { transport, rendezvous } = await platform.network({
      device: deviceIdOfKey(publicKey),
      publicKey,
      sign: (message) => platform.crypto.sign(key, message),
    });
    await expect.poll(() => rendezvous.status.online, { timeout: 10_000 }).toBe(true);
    await transport.close();
    await rendezvous.close();
    await platform.wipe();

    const again = await make();
    expect((await again.vault.deviceKey()).publicKey).not.toEqual(publicKey);
    expect(await again.blobs.list()).toEqual([]);
    expect(await again.meta.get('first', 'a')).toBeUndefined();
    await again.wipe();
  });

  it('keeps everything when it is only closed', async () => {
    const platform = await make();
    const { publicKey } = await platform.vault.deviceKey();
    await platform.blobs.append('v1', patternBytes(100));
    await platform.close();
    const again = await make();
    expect((await again.vault.deviceKey()).publicKey).toEqual(publicKey);
    expect(await again.blobs.list()).toEqual([{ volume: 'v1', bytes: 100 }]);
    await again.wipe();
  });

  it('says what it is', async () => {
    const platform = await make();
    expect(platform.about).toMatchObject({ family: 'chromium', version: '1.2.3' });
    expect(platform.about.zone).toBe(-new Date().getTimezoneOffset());
    await platform.wipe();
  });
});

describe('family and system', () => {
  it.each([
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 0, 'firefox', 'linux'],
    [
      'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36',
      0,
      'chromium',
      'windows',
    ],
    [
      'Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Mobile',
      5,
      'chromium',
      'android',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML) Version/26 Safari/605',
      0,
      'webkit',
      'macos',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML) Version/26 Safari/605',
      5,
      'webkit',
      'ios',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 26_0) AppleWebKit/605.1 (KHTML) CriOS/156.0 Mobile',
      5,
      'webkit',
      'ios',
    ],
    ['something else', 0, 'other', 'other'],
  ])('of %s with %i touch points', (agent, touchPoints, family, system) => {
    expect([browserFamily(agent), operatingSystem(agent, touchPoints)]).toEqual([family, system]);
  });
});
