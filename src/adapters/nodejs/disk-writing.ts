import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  futimesSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import type { Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Bytes } from '../../core/bytes.ts';
import { RoostError } from '../../core/errors.ts';
import { safeParts } from '../../core/snapshot/safe-path.ts';
import type { FileAttributes, WriteStep, Writings } from './disk-messages.ts';
import { codeOf, systemFault } from './system-faults.ts';

/** Permission bits that are restored: set-user-id and its like only mean something together with the owner. */
const MODE_BITS = 0o777;
/** Which names this platform's folders take. */
export const PATH_RULE = process.platform === 'win32' ? 'portable' : 'posix';

/** A file under a name of its own until it is whole; then it takes its place in one step. */
interface TemporaryFile {
  readonly handle: number;
  readonly path: string;
}

/** Files begun and not ended yet, by the number that their writer gave them. */
const open = new Map<number, TemporaryFile>();

/** Takes the steps of a restore one after another; synchronously, for the disk thread. One that fails does not stop the next. */
export function writeSteps(root: string, buffer: Bytes, steps: readonly WriteStep[]): Writings {
  const faults: Writings['faults'] = new Map();
  const entered = new Set<string>([root]);
  for (const [i, step] of steps.entries()) {
    try {
      takeStep(root, buffer, step, entered);
    } catch (error) {
      const { fault, message } = systemFault(error, 'the target folder cannot be written');
      faults.set(i, { fault, message });
    }
  }
  return { buffer, faults, open: open.size };
}

function takeStep(root: string, buffer: Bytes, step: WriteStep, entered: Set<string>): void {
  switch (step.kind) {
    case 'folder':
      enter(root, safeParts(step.path, PATH_RULE), entered);
      break;
    case 'part':
      writePart(root, buffer, step, entered);
      break;
    case 'discard':
      discard(step.file);
      break;
    case 'link':
      makeLink(root, step, entered);
      break;
    case 'finish-folder':
      finish(join(root, ...safeParts(step.path, PATH_RULE)), constants.O_DIRECTORY, step);
      break;
    case 'finish-file':
      // A pipe that took its place must not make us wait for its writer.
      finish(placeOf(root, step.path, entered), constants.O_NONBLOCK, step);
      break;
  }
}

function writePart(
  root: string,
  buffer: Bytes,
  step: WriteStep & { kind: 'part' },
  entered: Set<string>,
): void {
  const { file, path, first, last, start, length } = step;
  try {
    if (first) begin(root, step, entered);
    const temporary = open.get(file);
    if (temporary === undefined) throw new RoostError('internal', 'a file is written that was not begun');
    let done = 0;
    while (done < length) done += writeSync(temporary.handle, buffer, start + done, length - done);
    if (!last) return;
    // Somebody may have put a link in the way meanwhile.
    if (!first) placeOf(root, path, new Set([root]));
    setAttributes(temporary.handle, step);
    closeSync(temporary.handle);
    open.delete(file);
    try {
      renameSync(temporary.path, join(root, ...safeParts(path, PATH_RULE)));
    } catch (error) {
      rmSync(temporary.path, { force: true });
      throw error;
    }
  } catch (error) {
    discard(file);
    throw error;
  }
}

function begin(root: string, step: WriteStep & { kind: 'part' }, entered: Set<string>): void {
  const place = placeOf(root, step.path, entered);
  const path = temporaryBeside(place);
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  // Nobody else reads it before its own mode is set.
  open.set(step.file, { handle: openSync(path, flags, step.mode === undefined ? 0o666 : 0o600), path });
}

/** Nothing of a file is left, if it was begun. */
function discard(file: number): void {
  const temporary = open.get(file);
  if (temporary === undefined) return;
  open.delete(file);
  closeSync(temporary.handle);
  rmSync(temporary.path, { force: true });
}

function makeLink(root: string, step: WriteStep & { kind: 'link' }, entered: Set<string>): void {
  const place = placeOf(root, step.path, entered);
  const temporary = temporaryBeside(place);
  try {
    symlinkSync(step.target, temporary);
  } catch (error) {
    if (codeOf(error) !== 'EPERM') throw error;
    throw new RoostError('unsupported', 'links cannot be made here', { cause: error });
  }
  try {
    lutimesSync(temporary, seconds(step.mtimeNs), seconds(step.mtimeNs));
    renameSync(temporary, place);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** @param kind flag of what has to lie there */
function finish(place: string, kind: number, attributes: FileAttributes): void {
  if (process.platform === 'win32') {
    lutimesSync(place, seconds(attributes.mtimeNs), seconds(attributes.mtimeNs));
    return;
  }
  const handle = openSync(place, constants.O_RDONLY | constants.O_NOFOLLOW | kind);
  try {
    setAttributes(handle, attributes);
  } finally {
    closeSync(handle);
  }
}

/** The times last, for they tell of the change of the mode. */
function setAttributes(handle: number, { mode, mtimeNs }: FileAttributes): void {
  if (process.platform !== 'win32' && mode !== undefined) fchmodSync(handle, mode & MODE_BITS);
  futimesSync(handle, seconds(mtimeNs), seconds(mtimeNs));
}

/** Where a path lies, its folders made and none of them a link, and no folder there. @throws RoostError 'refused' */
function placeOf(root: string, path: string, entered: Set<string>): string {
  const parts = safeParts(path, PATH_RULE);
  const name = parts.at(-1) ?? '';
  const place = join(enter(root, parts.slice(0, -1), entered), name);
  if (lstatOrNothing(place)?.isDirectory() === true) {
    throw new RoostError('refused', `a folder lies where "${name}" is to be written`);
  }
  return place;
}

/** @param entered folders looked at in the same call, which are not looked at again */
function enter(root: string, parts: readonly string[], entered: Set<string>): string {
  let folder = root;
  for (const part of parts) {
    folder = join(folder, part);
    if (entered.has(folder)) continue;
    let stat = lstatOrNothing(folder);
    if (stat === undefined) {
      makeOne(folder);
      stat = lstatSync(folder);
    }
    if (!stat.isDirectory()) {
      const what = stat.isSymbolicLink() ? 'a link' : 'a file';
      throw new RoostError('refused', `a folder is to be written where ${what} lies`);
    }
    entered.add(folder);
  }
  return folder;
}

/** It may be there by now: other programs make folders, too. */
function makeOne(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

function lstatOrNothing(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

const seconds = (ns: bigint): number => Number(ns) / 1e9;
const temporaryBeside = (place: string): string =>
  join(dirname(place), `.roost-${randomBytes(8).toString('hex')}.part`);
