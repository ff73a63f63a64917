import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VERSION } from '../../../src/adapters/nodejs/version.ts';
import type { AgentApi, BackupReport, SnapshotSummary } from '../../../src/agent/api.ts';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { loadSettings, saveSettings } from '../../../src/cli/settings.ts';
import { shareHome } from '../../../src/cli/sharing.ts';
import { RoostError } from '../../../src/core/errors.ts';
import { parseSnapshotId } from '../../../src/core/ids.ts';
import { callIn } from './call.ts';
import { DEVICE, fakeAgent, fakeAgents, memberState } from './fake-agents.ts';
import type { FakeAgents, Recorded } from './fake-agents.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'roost-cli-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const call = (
  agents: FakeAgents,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<Recorded & { code: number }> => callIn(home, agents, args, signal);

const noAgent = (): FakeAgents => fakeAgents(fakeAgent(memberState()));

function snapshot(digit: string, endedAt: number): SnapshotSummary {
  return {
    snapshot: parseSnapshotId(digit.repeat(32)),
    device: DEVICE,
    deviceLabel: 'test',
    startedAt: endedAt - 1,
    endedAt,
    files: 1,
    bytes: 10,
    unreadableCount: 0,
  };
}

describe('usage', () => {
  it.each([
    [['frobnicate', '--json']],
    [['backup', '--json']],
    [['found', 'a', 'b', '--json']],
    [['status', '--no-such-option', '--json']],
    [['check', 'latest', '--json']],
    [['partners', '--end', 'xyz', '--json']],
    [['delegate', 'my laptop', '--json']],
    [['forget', '--json']],
    [['forget', '--keep-daily', 'seven', '--json']],
    [['restore', 'latest', '--json']],
    [['serve', '--offer', 'much', '--json']],
    [['broker', '--port', '70000', '--json']],
  ])('%j ends with 2 and says what to do', async (args) => {
    const { code, lines } = await call(noAgent(), args);
    expect(code).toBe(2);
    expect(lines.at(-1)).toMatchObject({ event: 'fault', fault: 'usage' });
    expect(lines.at(-1).message).not.toBe('');
    expect(lines.at(-1).next).not.toBe('');
  });

  it('tells its version', async () => {
    expect(await call(noAgent(), ['--version'])).toMatchObject({ code: 0, text: `roost ${VERSION}\n` });
    const { code, text } = await call(noAgent(), ['--version', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(text)).toMatchObject({ version: VERSION });
  });

  it('shows every command in help', async () => {
    const { code, text } = await call(noAgent(), ['help']);
    expect(code).toBe(0);
    for (const { name } of COMMANDS) expect(text).toContain(`roost ${name}`);
  });

  it('takes global options before and after the command', async () => {
    const agents = noAgent();
    await call(agents, ['--home', '/somewhere', 'status', '--json']);
    await call(agents, ['status', '--home', '/elsewhere']);
    await call(agents, ['status']);
    expect(agents.opened.map((one) => one.home)).toEqual(['/somewhere', '/elsewhere', home]);
  });

  it('asks for an account and a cooperative before what needs them', async () => {
    for (const phase of ['new', 'keys'] as const) {
      const { code, lines } = await call(fakeAgents(fakeAgent(memberState({ phase }))), [
        'snapshots',
        '--json',
      ]);
      expect(code).toBe(2);
      expect(lines).toHaveLength(1);
    }
  });
});

describe('faults', () => {
  it.each([
    ['too-few', 4],
    ['unreachable', 1],
    ['wrong-words', 1],
    ['busy', 1],
    ['usage', 2],
  ] as const)('%s ends a command with %i', async (fault, expected) => {
    const agent = fakeAgent(memberState(), { snapshots: () => Promise.reject(new RoostError(fault, 'why')) });
    const { code, lines } = await call(fakeAgents(agent), ['snapshots', '--json']);
    expect(code).toBe(expected);
    expect(lines).toEqual([{ event: 'fault', fault, message: 'why', next: expect.stringMatching(/\.$/) }]);
  });

  it('are sentences without --json', async () => {
    const agent = fakeAgent(memberState(), {
      snapshots: () => Promise.reject(new RoostError('full', 'no space')),
    });
    const { text, errors } = await call(fakeAgents(agent), ['snapshots']);
    expect(text).toBe('');
    expect(errors).toMatch(/^roost: no space\n.+\.\n$/);
  });
});

describe('words', () => {
  const WORDS = 'legal winner thank year wave sausage worth useful legal winner thank yellow';

  it('are printed once by init for a new account', async () => {
    const agent = fakeAgent(memberState({ phase: 'new' }), {
      createAccount: () => Promise.resolve({ words: WORDS }),
      setDeviceLabel: () => Promise.resolve(),
    });
    const agents = fakeAgents(agent);
    const { code, lines } = await call(agents, ['init', '--broker', 'http://127.0.0.1:1/x', '--json']);
    expect(code).toBe(0);
    expect(lines).toEqual([{ account: agent.state.account, device: DEVICE, words: WORDS }]);
    expect(agents.opened).toEqual([{ home, options: { broker: 'http://127.0.0.1:1' } }]);
  });

  it('come from a file and are never repeated', async () => {
    await writeFile(join(home, 'words'), ` ${WORDS.replaceAll(' ', '\n ')}\n`);
    let used = '';
    const agent = fakeAgent(memberState({ phase: 'new' }), {
      useWords: (words) => {
        used = words;
        return Promise.resolve();
      },
      setDeviceLabel: () => Promise.resolve(),
      recover: () => Promise.reject(new RoostError('wrong-words', 'nobody knows them')),
    });
    const { code, text, errors } = await call(fakeAgents(agent), ['init', '--words-file', 'words', '--json']);
    expect(code).toBe(0);
    expect(used).toBe(WORDS);
    expect(text + errors).not.toContain('winner');
  });
});

describe('snapshots by name', () => {
  const agentWith = (...snapshots: SnapshotSummary[]): AgentApi =>
    fakeAgent(memberState(), {
      snapshots: () => Promise.resolve(snapshots),
      list: (id) =>
        Promise.resolve([{ path: id.slice(0, 1), name: id.slice(0, 1), kind: 'file', bytes: 1, mtimeMs: 0 }]),
    });

  it('are the latest, or the only one that begins so', async () => {
    const agents = fakeAgents(agentWith(snapshot('1', 5), snapshot('2', 9), snapshot('3', 7)));
    expect((await call(agents, ['ls', 'latest', '--json'])).lines[0].path).toBe('2');
    expect((await call(agents, ['ls', '3333', '--json'])).lines[0].path).toBe('3');
    expect((await call(agents, ['ls', '4444', '--json'])).lines[0].fault).toBe('not-found');
    expect((await call(agents, ['ls', '333', '--json'])).lines[0].fault).toBe('usage');
  });

  it('are never guessed', async () => {
    const agents = fakeAgents(agentWith(snapshot('1', 5), { ...snapshot('1', 6) }));
    expect((await call(agents, ['ls', '1111', '--json'])).lines[0].fault).toBe('usage');
    expect((await call(fakeAgents(agentWith()), ['ls', 'latest', '--json'])).lines[0].fault).toBe(
      'not-found',
    );
  });
});

describe('what a backup says', () => {
  const SAVED: BackupReport = {
    snapshot: parseSnapshotId('1'.repeat(32)),
    files: 598,
    bytes: 6_001_084,
    carriedFiles: 0,
    carriedBytes: 0,
    sentBytes: 624,
    storedBytes: 0,
    readBytes: 0,
    seconds: 2,
    unreadable: [],
    leftOut: [],
    health: 'protected',
  };
  const backupWith = (changes: Partial<BackupReport>, ...args: readonly string[]) => {
    const report = { ...SAVED, ...changes };
    const agent = fakeAgent(memberState(), { backup: () => Promise.resolve(report) });
    return call(fakeAgents(agent), ['backup', home, ...args]);
  };

  it('tells what it looked at from what stays as it was saved before', async () => {
    const all = await backupWith({});
    expect(all.text).toMatch(/^Saved 598 files, 5\.7 MiB, in 2 s; sent 624 B\.\nSnapshot/);
    const carried = { carriedFiles: 298, carriedBytes: 1_084 };
    const some = await backupWith(carried);
    expect(some.text).toMatch(
      /^Saved 300 files, 5\.7 MiB, in 2 s; sent 624 B\.\n298 more files of other folders, 1\.1 KiB, stay as saved before\.\n/,
    );
    const { code, lines } = await backupWith(carried, '--json');
    expect(code).toBe(0);
    expect(lines.at(-1)).toEqual({ event: 'done', ...SAVED, ...carried });
  });

  it('names what it could not read, and what has nothing to be read, which is no fault', async () => {
    const leftOut = [{ path: 'docs/pipe', reason: 'a pipe has no content to save' }];
    const noted = await backupWith({ leftOut });
    expect(noted.code).toBe(0);
    expect(noted.text).toContain('\nleft out: docs/pipe: a pipe has no content to save\n');
    expect((await backupWith({ leftOut }, '--json')).lines.at(-1)).toMatchObject({ unreadable: [], leftOut });
    const unreadable = [{ path: 'docs/locked', reason: 'permission denied' }];
    const partly = await backupWith({ leftOut, unreadable });
    expect(partly.code).toBe(3);
    expect(partly.text).toContain('\nnot read: docs/locked: permission denied\nleft out: docs/pipe');
  });
});

describe('exit codes of a restore', () => {
  const report = (...faults: ('too-few' | 'denied')[]): AgentApi =>
    fakeAgent(memberState(), {
      snapshots: () => Promise.resolve([snapshot('1', 5)]),
      restore: () =>
        Promise.resolve({
          files: 3,
          bytes: 30,
          kept: 1,
          seconds: 1,
          failed: faults.map((fault, at) => ({ path: `file-${at}`, fault, reason: 'why' })),
          corrected: [],
        }),
    });

  it.each([
    [[], 0],
    [['denied'], 3],
    [['denied', 'too-few'], 4],
  ] as const)('with files that failed by %j is %i', async (faults, expected) => {
    const { code, lines } = await call(fakeAgents(report(...faults)), [
      'restore',
      'latest',
      '--to',
      'out',
      '--json',
    ]);
    expect(code).toBe(expected);
    expect(lines.at(-1)).toMatchObject({ event: 'done', files: 3 });
    expect(lines.at(-1).failed).toHaveLength(faults.length);
  });

  it('do not come with a line for each of thousands of files', async () => {
    const many = fakeAgents(report(...Array.from({ length: 1_020 }, () => 'denied' as const)));
    const args = ['restore', 'latest', '--to', 'out'];
    const { code, text } = await call(many, args);
    expect(code).toBe(3);
    expect(text.match(/^failed: /gm)).toHaveLength(20);
    expect(text).toContain('\nand 1,000 more; --json lists all of them\n');
    expect((await call(many, [...args, '--json'])).lines.at(-1).failed).toHaveLength(1_020);
    const few = await call(fakeAgents(report(...Array.from({ length: 20 }, () => 'denied' as const))), args);
    expect(few.text.match(/^failed: /gm)).toHaveLength(20);
    expect(few.text).not.toContain('more');
  });
});

describe('a home that is served', () => {
  it('has its commands done by the serving agent, with their output and exit code', async () => {
    const serving = fakeAgent(memberState(), { snapshots: () => Promise.resolve([snapshot('7', 5)]) });
    const sharing = await shareHome(home, serving, new AbortController().signal);
    try {
      expect((await stat(join(home, 'control.sock'))).mode & 0o777).toBe(0o600);
      const agents = noAgent();
      const done = await call(agents, ['snapshots', '--json']);
      expect(done.code).toBe(0);
      expect(done.lines[0].snapshot).toBe('7'.repeat(32));
      const wrong = await call(agents, ['ls', '9999', '--json']);
      expect(wrong.code).toBe(1);
      expect(wrong.lines[0].fault).toBe('not-found');
      expect(agents.opened).toEqual([]);
    } finally {
      await sharing.close();
    }
  });

  it('cancels a command when its caller goes away', async () => {
    let cancelled: () => void;
    const seen = new Promise<void>((resolve) => (cancelled = resolve));
    const started = new AbortController();
    const serving = fakeAgent(memberState(), {
      snapshots: () => Promise.resolve([snapshot('7', 5)]),
      restore: (_snapshot, { signal }) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => {
            cancelled();
            reject(new RoostError('aborted', 'stopped'));
          });
          started.abort();
        }),
    });
    const sharing = await shareHome(home, serving, new AbortController().signal);
    try {
      const done = await call(noAgent(), ['check', '--read-all', '--json'], started.signal);
      expect(done.code).toBe(1);
      expect(done.lines.at(-1).fault).toBe('aborted');
      await seen;
    } finally {
      await sharing.close();
    }
  });

  it('is opened by the command itself when the socket was left by a killed process', async () => {
    await writeFile(join(home, 'control.sock'), '');
    const agents = noAgent();
    await call(agents, ['status', '--json']);
    expect(agents.opened).toHaveLength(1);
  });
});

describe('settings', () => {
  it('are kept for the user alone and survive a round trip', async () => {
    const inner = join(home, 'inner');
    expect(await loadSettings(inner)).toBeUndefined();
    await saveSettings(inner, { broker: 'https://roost.example' });
    expect(await loadSettings(inner)).toEqual({ broker: 'https://roost.example' });
    expect((await stat(inner)).mode & 0o777).toBe(0o700);
    expect(await readFile(join(inner, 'settings.json'), 'utf8')).toContain('https://roost.example');
  });

  it.each(['', '{', '{}', '{"broker":7}', '{"broker":"file:///x"}'])(
    'that read %j are corrupt',
    async (text) => {
      await writeFile(join(home, 'settings.json'), text);
      await expect(loadSettings(home)).rejects.toMatchObject({ fault: 'corrupt' });
    },
  );
});
