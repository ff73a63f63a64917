import type { Bytes } from '../core/bytes.ts';
import { idBytes } from '../core/ids.ts';
import { deviceIdOfKey } from '../core/ids.ts';
import type { DeviceId } from '../core/ids.ts';
import type { AccountKeys } from '../core/crypto/account-keys.ts';
import type { Signer } from '../core/crypto/suite.ts';
import { issueCertificate, verifyCertificate } from '../core/identity/certificate.ts';
import type { Platform } from '../ports/platform.ts';
import { OWNER_TABLES } from './repository/tables.ts';

const CERTIFICATE_KEY = 'certificate';
const CERTIFICATE_LIFE_MS = 5 * 365 * 24 * 3_600_000;
/** Certified again when less than this is left. */
const CERTIFICATE_RENEW_MS = 365 * 24 * 3_600_000;

/** This device of an account. */
export interface Identity {
  readonly keys: AccountKeys;
  readonly device: DeviceId;
  readonly deviceLabel: string;
  readonly devicePublicKey: Bytes;
  readonly signer: Signer;
  readonly accountSigner: Signer;
  readonly certificate: Bytes;
}

/** Loads keys and certificate; certifies this device when it has none, a new label, or an old one. */
export async function loadIdentity(platform: Platform, keys: AccountKeys, label?: string): Promise<Identity> {
  const { crypto, vault, clock, meta } = platform;
  const { key, publicKey } = await vault.deviceKey();
  const signer: Signer = { publicKey, sign: (message) => crypto.sign(key, message) };
  const accountSigner: Signer = {
    publicKey: idBytes(keys.account),
    sign: (message) => crypto.sign(keys.signing, message),
  };
  const now = clock.now();
  const stored = await meta.get(OWNER_TABLES.state, CERTIFICATE_KEY);
  const known = stored ? await verifyCertificate(crypto, stored, now).catch(() => undefined) : undefined;
  const deviceLabel = label ?? known?.label ?? defaultLabel(platform);
  const device = deviceIdOfKey(publicKey);
  const good =
    known?.account === keys.account &&
    known.device === device &&
    known.label === deviceLabel &&
    known.expiresAt - now > CERTIFICATE_RENEW_MS;
  if (stored && good) {
    return {
      keys,
      device,
      deviceLabel,
      devicePublicKey: publicKey,
      signer,
      accountSigner,
      certificate: stored,
    };
  }
  const certificate = await issueCertificate(crypto, accountSigner, {
    devicePublicKey: publicKey,
    label: deviceLabel,
    madeAt: now,
    expiresAt: now + CERTIFICATE_LIFE_MS,
  });
  await meta.write([{ kind: 'put', table: OWNER_TABLES.state, key: CERTIFICATE_KEY, value: certificate }]);
  return { keys, device, deviceLabel, devicePublicKey: publicKey, signer, accountSigner, certificate };
}

function defaultLabel({ about }: Platform): string {
  return `${about.family} on ${about.system}`;
}
