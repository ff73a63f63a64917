import type { RecoverySheet } from '../../agent/api.ts';
import { formatDateTime } from '../text/format.ts';
import { text } from '../text/text.ts';

type SheetPartner = RecoverySheet['partners'][number];

/** So many digits of a device's id tell partners of one name apart. */
const ID_DIGITS = 8;

/** Names come from others: no character in them may break out of its line. */
const oneLine = (name: string): string => name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();

/** "Amira, Kitchen laptop" */
export const sheetPartnerName = ({ name, deviceLabel }: SheetPartner): string =>
  oneLine(deviceLabel === name || deviceLabel === '' ? name : `${name}, ${deviceLabel}`);

export const sheetPartnerId = ({ device }: SheetPartner): string => device.slice(0, ID_DIGITS);

/** The sheet as a text file, without the words: who finds it can do nothing with it. */
export function sheetText(sheet: RecoverySheet, site: string, at: number): string {
  const words = text.sheet;
  const partners = sheet.partners.map(
    (partner) => `  ${sheetPartnerId(partner)}  ${sheetPartnerName(partner)}`,
  );
  return [
    words.title,
    '',
    words.how,
    words.withoutWords,
    '',
    `${words.address}: ${site}`,
    `${words.cooperative}: ${oneLine(sheet.cooperative)}`,
    `${words.check}: ${sheet.check}`,
    `${words.printed}: ${formatDateTime(at)}`,
    '',
    `${words.partners}:`,
    ...(partners.length === 0 ? [`  ${words.noPartners}`] : partners),
    '',
  ].join('\n');
}

/** A name that every system takes. */
export const sheetFileName = ({ cooperative }: RecoverySheet): string =>
  text.sheet.fileName(
    cooperative
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, '-')
      .replace(/^-|-$/g, '')
      .slice(0, 40) || 'sheet',
  );
