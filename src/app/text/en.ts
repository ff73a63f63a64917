import type { EntryFacts } from './entry-facts.ts';
import { pluralFor } from './plural.ts';
import type { ReasonFacts } from './reason-facts.ts';

const plural = pluralFor('en');

const partners = (count: number): string => plural(count, { one: '# partner', other: '# partners' });
const files = (count: number): string => plural(count, { one: '# file', other: '# files' });

const snapshots = (count: number): string => plural(count, { one: '# snapshot', other: '# snapshots' });
const pieces = (count: number): string => plural(count, { one: '# piece', other: '# pieces' });

/** What follows from a suspicion. */
const what = (facts: ReasonFacts): string =>
  facts.holds ? 'its pieces move to somebody else' : 'the partnership ends';
const unless = (facts: ReasonFacts, does: string): string => {
  return facts.replaced === undefined
    ? `${what(facts)} unless it ${does} in time.`
    : `${what(facts)} ${facts.replaced} unless it ${does}.`;
};
const then = (facts: ReasonFacts): string =>
  facts.replaced === undefined ? `${what(facts)}.` : `${what(facts)} ${facts.replaced}.`;
const since = (facts: ReasonFacts): string => (facts.since === undefined ? '' : ` since ${facts.since}`);

/** Reasons as a partner's state and the log give them, to stand after "because". */
const because: Readonly<Record<string, string>> = {
  silent: 'it does not answer',
  'proof-failed': 'its proof was wrong',
  'proof-unanswered': 'it did not answer when asked for a proof',
  'wrong-bytes': 'its proof was wrong',
  unanswered: 'it did not answer when asked for a proof',
  'lost-pieces': 'it says that it lost pieces',
  evicted: 'its storage was taken away',
  damaged: 'some of its storage is damaged',
  'reneged-silent': 'it stayed silent for longer than was agreed',
  'reneged-proof': 'it owed a proof for longer than was agreed',
  leaving: 'it is leaving',
  ended: 'the partnership has ended',
  'no-member': 'it is not in the cooperative any more',
};
const why = (reason: string): string => {
  const words = because[reason.split(':')[0] ?? ''];
  return words === undefined ? '' : `: ${words}`;
};

/** States of a partner as what it does. */
const states: Readonly<Record<string, string>> = {
  candidate: 'was found and may become a partner',
  negotiating: 'is agreeing with you on space',
  active: 'keeps its promise',
  suspect: 'has to put something right',
  leaving: 'is leaving',
  reneged: 'let you down',
  evicted: 'lost its storage',
  departed: 'is not a partner any more',
};

const away = (hours: number): string =>
  hours < 48
    ? plural(Math.round(hours), { one: '# hour', other: '# hours' })
    : plural(Math.round(hours / 24), { one: '# day', other: '# days' });

/** Everything the app says. Plain words: partners hold pieces. */
export const en = {
  app: {
    name: 'Roost',
    skip: 'Skip to content',
    loading: 'Opening Roost…',
    screens: 'Screens',
    close: 'Close',
    back: 'Back',
    continue: 'Continue',
    working: 'One moment…',
    tryAgain: 'Try again',
    copy: 'Copy',
    copied: 'Copied',
    copyFailed: 'The browser did not allow copying. Select the text and copy it by hand.',
    print: 'Print',
  },

  plain: {
    title: 'This page needs a secure address',
    lead: 'Roost was opened over plain http from another machine. Browsers give such pages no encryption and no storage, so nothing can be kept safe here.',
    steps: (local: string): readonly string[] => [
      'Open it with https:// at the start, if whoever runs this server has set that up.',
      `Or open it on the server itself, as ${local}.`,
      'Or ask whoever runs the server to put it behind https; the operator’s guide tells how.',
    ],
    address: 'You opened',
    secure: 'Try the https address',
  },
  unsupported: {
    title: 'This browser cannot run Roost',
    lead: 'Roost needs something that this browser does not have, or has turned off:',
    next: 'A current Chrome, Edge, Firefox or Safari has it. Private windows often turn storage off: use a normal window.',
    missing: {
      'secure-context': 'a secure address (https)',
      webrtc: 'direct connections between browsers (WebRTC)',
      opfs: 'storage for files',
      'webcrypto-ed25519': 'current encryption (Ed25519 and X25519)',
      indexeddb: 'a database (IndexedDB)',
      locks: 'locks between tabs (Web Locks)',
    },
  },
  failed: {
    title: 'Roost could not open',
    reload: 'Reload the page',
  },

  welcome: {
    title: 'Your files, safe with people you know',
    lead: 'Members give each other spare space. Your files are encrypted before they leave this device, and only you can read them.',
    doors: 'How do you want to begin?',
    start: { title: 'Start a cooperative', detail: 'Name it, then invite the others.' },
    join: { title: 'Join with an invite', detail: 'You have a link or a QR code.' },
    restore: { title: 'Restore with my words', detail: 'Bring everything back on this device.' },
    facts: [
      'No account, no payment',
      'Partners cannot read what they hold',
      'Twelve words bring it all back',
    ],
    member: 'This device belongs to a cooperative already, so the invite was not used.',
    step: (step: number, of: number): string => `Step ${step} of ${of}`,
    startTitle: 'Start a cooperative',
    startLead: 'A cooperative is the group of people who keep pieces for each other.',
    cooperativeName: 'Name of the cooperative',
    cooperativeHint: 'For example: The Lindens',
    displayName: 'Your name',
    displayHint: 'The other members see it.',
    joinTitle: 'Join a cooperative',
    joinLead: 'Paste the invite that a member sent you.',
    invite: 'Invite link',
    inviteHint: 'It contains #join= and a long code.',
    offer: (size: string): string =>
      `To begin with you give ${size} of space on this device. Change it any time under Space.`,
    inviteFilled: 'Your invite is filled in. Just tell the others your name.',
    restoreTitle: 'Restore with your words',
    restoreLead: 'Type or paste your twelve words, in order. They stay on this device.',
    words: 'Your twelve words',
    wordsHint: 'Small letters, a space between the words.',
    wordCount: (count: number): string => plural(count, { one: '# of 12 words', other: '# of 12 words' }),
    required: 'Please fill this in.',
    recoveringTitle: 'Finding your files',
    recoveringLead: 'Roost asks the partners that hold pieces for you. Keep this page open.',
    recoveringAgain: 'Ask again',
    otherWords: 'Use other words',
    stages: {
      scanning: 'Reading',
      saving: 'Saving',
      finishing: 'Finishing',
      locating: 'Looking for your partners',
      restoring: 'Reading the list of your files',
      checking: 'Checking what came back',
    },
  },

  words: {
    title: 'These twelve words are your key',
    lead: 'They bring everything back on any device. Nobody else has them, and Roost does not keep them.',
    list: 'Your twelve words, in order',
    truth: 'If they are lost together with this device, so are your files. Write them down now.',
    copy: 'Copy the words',
    printSheet: 'Print the sheet',
    check: 'Check three words',
    checkLead: 'Optional, and worth half a minute: type or paste these three from your copy.',
    wordNumber: (place: number): string => `Word ${place}`,
    checkRight: 'All three are right.',
    checkWrong: (places: string): string => `Not the same as above: ${places}. Look at your copy again.`,
    saved: 'I have saved my words',
  },

  sheet: {
    title: 'Roost recovery sheet',
    what: 'Whoever has these words can read and restore all your files. Keep this sheet where you keep your passport.',
    how: 'To restore: open the address, choose “Restore with my words”, type the words.',
    address: 'Address',
    cooperative: 'Cooperative',
    printed: 'Printed',
    partners: 'Partners that hold pieces',
    noPartners: 'None yet. Print the sheet again when there are some.',
    blanks: 'Roost does not keep your words. Copy them here by hand.',
    qr: 'QR code of the address',
    check: 'Check number of the words',
    fileName: (cooperative: string): string => `roost-recovery-${cooperative}.txt`,
    withoutWords: 'The twelve words are not in this file. Keep them apart from it, on paper.',
  },

  nav: {
    home: 'Home',
    files: 'Files',
    partners: 'Partners',
    space: 'Space',
    cooperative: 'Cooperative',
    recovery: 'Recovery',
    activity: 'Activity',
    /** where the bar at the bottom of a phone is too narrow for the whole word */
    short: { cooperative: 'Co-op' } as Readonly<Partial<Record<string, string>>>,
  },

  banner: {
    following: 'Roost is open in another tab; this one follows it.',
    useThis: 'Use this tab instead',
    update: 'A newer Roost is ready.',
    updateNow: 'Update now',
    updateLater: 'It starts once the present run is done.',
    later: 'Later',
    brokerOff:
      'Introductions are off: new partners cannot be found just now. Partners already connected go on as before.',
    wordsOpen: 'You have not confirmed that your twelve words are written down.',
    wordsCheck: 'Check them now',
  },

  health: {
    label: {
      protected: 'Protected',
      saving: 'Saving',
      'at-risk': 'At risk',
      paused: 'Paused',
      empty: 'Nothing saved yet',
    },
    /** of a folder whose pieces all lie on the computer that it lies on */
    onThisComputer: 'On this computer',
    /** `holding` of `all` partners keep pieces; any `lose` of them may vanish */
    protectedBy: (holding: number, all: number, lose: number): string =>
      `Protected: ${holding} of ${partners(all)} ${holding === 1 ? 'holds' : 'hold'} it, ${
        lose === 0 ? 'none can be lost' : lose === 1 ? 'any one can be lost' : `any ${lose} can be lost`
      }.`,
    /** `sure` when so few are away that nothing can be missing */
    restorable: (online: number, all: number, sure: boolean): string => {
      if (online === 0) return 'Right now none of them is online: a restore would have to wait.';
      const here = online === all ? 'all of them are' : `${online} of ${all} ${online === 1 ? 'is' : 'are'}`;
      return sure
        ? `Right now ${here} online: everything could be restored.`
        : `Right now ${here} online: perhaps not enough to restore everything at once.`;
    },
    /** `lose` more may go beside those that are silent */
    suspects: (suspects: number, all: number, lose: number, how: 'silent' | 'owing' | 'both'): string => {
      const one = suspects === 1;
      const silent = one ? 'is silent' : 'are silent';
      const owing = one ? 'owes a proof' : 'owe a proof';
      const does = how === 'silent' ? silent : how === 'owing' ? owing : `${silent} or ${owing}`;
      const rest =
        lose > 0
          ? `your files are still safe: ${lose} more may be lost.`
          : 'your files are still there, but no other may be lost.';
      return `${suspects} of ${partners(all)} ${does}; ${rest}`;
    },
    /** `by` partners are known to have lost them */
    missing: (count: number, by: number): string =>
      by === 0
        ? `${pieces(count)} ${count === 1 ? 'is' : 'are'} missing and being made again elsewhere.`
        : `${partners(by)} lost ${by === 1 ? 'its' : 'their'} pieces; ${count} ${
            count === 1 ? 'is' : 'are'
          } being made again elsewhere.`,
    /** where the sentence says already that a partner lost them */
    stillMissing: (count: number): string =>
      `${pieces(count)} ${count === 1 ? 'is' : 'are'} still to be made again.`,
    /** the files are saved without these; `away` says whether somebody is waited for */
    awaited: (count: number, away: boolean): string =>
      away
        ? `Your files are saved, and get safer still: ${pieces(count)} more ${count === 1 ? 'goes' : 'go'} out when partners that are away are back.`
        : `Your files are saved, and get safer still: ${pieces(count)} more ${count === 1 ? 'goes' : 'go'} out within some hours.`,
    alike: (ways: string): string => `Many of your pieces are ${ways}: what hits one may hit all.`,
    ways: {
      family: (name) => `in one kind of browser (${name})`,
      program: (name) => `in one kind of program (${name})`,
      place: () => 'in one neighbourhood',
      computer: () => 'on one computer',
      inviter: () => 'with people whom one member invited',
      account: () => 'with one member',
      other: () => 'in one place or another of the same kind',
    } as Readonly<Record<string, (name: string) => string>>,
    tooFew: (present: number, wanted: number): string =>
      `It would be safer with ${partners(wanted)} than with ${present}.`,
    numbers: 'By the numbers',
    loss: 'Chance of losing anything',
    lossValue: (chance: string): string => `${chance} a year`,
    anyMoment: 'Chance that all can be restored at any moment',
    measured: 'Worked out from how your partners have behaved so far.',
    /** `holding` of `all` partners keep pieces */
    sameComputer: (holding: number, all: number): string => {
      const [holds, are] = holding === 1 ? ['holds', 'is'] : ['hold', 'are'];
      const some = `the ${holding} of ${partners(all)} that ${holds} your pieces ${are}`;
      const which = all === 1 ? 'its only partner is' : holding === all ? `all ${partners(all)} are` : some;
      return `Safe from mistakes, not from the loss of this computer: ${which} on it.`;
    },
    sameComputerNext: 'Invite somebody whose computer stands elsewhere.',
    saving: 'Saving your files. Keep this page open.',
    savingFirst: 'Saving your files for the first time. Keep this page open.',
    paused: 'Paused: nothing is sent until you go on.',
    empty: 'Nothing is saved yet.',
    emptyNext: 'Choose a folder to begin.',
    emptyHere: 'Nothing of this device is saved yet.',
    emptyHereNext: 'What you saved before is under Files. Choose a folder to go on saving.',
    atRisk: 'At risk.',
    savedAt: (when: string): string => `Last saved ${when}.`,
    reasons: {
      'no-partners': {
        sentence: 'At risk: there is no partner to hold your pieces.',
        next: 'Invite a member, or wait for one to come online.',
      },
      'too-few-partners': {
        sentence: 'At risk: there are too few partners to spread your pieces.',
        next: 'One more member who is online is enough to go on.',
      },
      'packs-incomplete': {
        sentence: 'At risk: some pieces are not at enough partners yet.',
        next: 'They are sent when more partners are online; or press Back up now.',
      },
      'holders-lost-pieces': {
        sentence: 'At risk: a partner lost pieces of yours.',
        next: 'Roost makes them again from the others. Keep this page open for a while.',
      },
      'last-run-failed': {
        sentence: 'At risk: the last backup did not finish.',
        next: 'Press Back up now; what was saved already counts.',
      },
      'files-unreadable': {
        sentence: 'At risk: some files could not be read.',
        next: 'Close the programs that use them, then press Back up now.',
      },
      'partners-full': {
        sentence: 'At risk: your partners have no space left for you.',
        next: 'Give more space yourself, or invite a member who has some.',
      },
    },
  },

  home: {
    title: 'Home',
    folders: 'Your folders',
    noFolders: 'No folder yet. What you add is saved at once, and again whenever you press Back up now.',
    backupNow: 'Back up now',
    backingUp: 'Backing up…',
    choose: 'Choose a folder',
    dropHere: 'Drop a folder anywhere on this page',
    dropNow: 'Let go to save it',
    dropKeys: 'or use the button',
    hiddenNames:
      'Drop folders here to have every file saved. Of a folder that is chosen in the dialog, this browser hides files with names that Windows would not take, as those with : or ? in them. Links are never saved; the command line saves those, too.',
    hiddenKept: (count: number): string =>
      `${files(count)} that this browser hides ${count === 1 ? 'stays as it was' : 'stay as they were'} saved. To save ${count === 1 ? 'it' : 'them'} anew, drop the folder here again.`,
    looseFiles: 'Loose files',
    inputLabel: 'Folder to back up',
    openWhile: 'Roost works while this page is open. Browsers run nothing in the background.',
    removeFolder: (name: string): string => `Stop backing up ${name}`,
    remove: 'Remove',
    removeQuestion: (name: string): string => `Stop backing up “${name}”?`,
    removeDetail: 'Snapshots taken so far stay and can be restored.',
    removeYes: 'Stop backing it up',
    removeNo: 'Keep it',
    sameName: {
      title: (name: string): string => `Which “${name}” is this?`,
      other: (name: string): string =>
        `Another folder called “${name}” is backed up here already, and this one would take its place.`,
      unknown: (name: string): string =>
        `A folder called “${name}” is backed up here already, and nothing shows that this is the same one.`,
      replaced:
        'If it is the same one, it goes on in the place of the former, which stays in the snapshots taken so far.',
      rename: (free: string): string => `Save it as “${free}”`,
      moved: 'It is the same folder, moved',
      again: 'It is the same folder',
      leave: 'Do not add it',
    },
    files,
    never: 'not saved yet',
    saved: (when: string): string => `saved ${when}`,
    chooseAgain: 'Choose it again to save changes',
    chooseAgainWhy: 'This browser cannot open the folder by itself after a reload.',
    allowAgain: 'Allow access again',
    pause: 'Pause',
    resume: 'Go on',
    stop: 'Stop',
    pausedNow: 'Paused',
    waitingFor: (reached: number, of: number): string => `waiting: ${reached} of ${partners(of)} reached`,
    left: (time: string): string => `about ${time} left`,
    ofBytes: (done: string, total: string): string => `${done} of ${total}`,
    ofFiles: (done: string, total: string): string => `${done} of ${total} files`,
    phases: {
      scanning: 'Looking for changes',
      saving: 'Saving',
      finishing: 'Finishing',
      locating: 'Looking for partners',
      restoring: 'Restoring',
      checking: 'Checking',
    },
    kinds: {
      backup: 'Backup',
      restore: 'Restore',
      recover: 'Recovery',
      forget: 'Clearing old snapshots',
    },
    /** work that is one thing from beginning to end */
    whole: { check: 'Checking your partners', repair: 'Making missing pieces again' },
    progressLabel: 'Progress',
    done: (count: number, sent: string): string => `Saved. ${files(count)} looked at, ${sent} sent.`,
    unreadable: (count: number): string =>
      plural(count, { one: '# file could not be read', other: '# files could not be read' }),
    already: 'A backup is running already.',
    otherwiseBusy: 'Roost is at work on something else. Try again when it is done.',
    check: {
      button: 'Check my partners now',
      running: 'Checking…',
      proved: (count: number, size: string, moved: string, time: string): string =>
        `${partners(count)} proved in ${time} that ${
          count === 1 ? 'it keeps' : 'they keep'
        } your pieces: ${size}, by moving ${moved}.`,
      noneReached: 'No partner could be reached. Try again when some are online.',
      noneFound: 'No partner could be reached, and no broker either. Are you online?',
      nothing: 'No partner holds anything of yours yet.',
      noneProved: 'No partner proved that it keeps your pieces.',
      failed: (names: string): string => `Could not prove it: ${names}.`,
      lost: (names: string): string => `Lost pieces of yours, by their own word: ${names}.`,
      unreachable: (names: string): string => `Not reached: ${names}.`,
      outOfReach: 'Too few of them answered: at this moment not everything could be restored.',
      notIntroduced: 'The broker that introduces devices did not answer, so some may be online all the same.',
    },
    perch: {
      caption: (online: number, all: number): string => `${online} of ${partners(all)} online`,
    },
    stats: { partners: 'Partners', giving: 'You give', holding: 'You hold for others' },
  },

  files: {
    title: 'Files',
    lead: 'Pick a day, then what you want back.',
    rail: 'Snapshots',
    none: 'There is no snapshot yet. Add a folder on Home and it shows here.',
    toHome: 'Go to Home',
    snapshotOf: (count: number, size: string): string => `${files(count)}, ${size}`,
    fromDevice: (label: string): string => `from ${label}`,
    newest: 'Newest',
    missing: (count: number): string =>
      plural(count, { one: '# file could not be read then', other: '# files could not be read then' }),
    filter: 'Find by name',
    filterNone: 'Nothing here has that name.',
    filterFound: (count: number): string => plural(count, { one: '# match', other: '# matches' }),
    searching: 'Looking through all folders…',
    filterCut: (count: string): string => `Only the first ${count} entries were searched.`,
    crumbs: 'Folder path',
    root: 'All folders',
    tree: 'Files of this snapshot',
    columns: { name: 'Name', size: 'Size', changed: 'Changed' },
    select: (name: string): string => `Select ${name}`,
    expand: (name: string): string => `Show what is in ${name}`,
    collapse: (name: string): string => `Hide what is in ${name}`,
    open: (name: string): string => `Open ${name}`,
    selected: (count: number, searching: boolean): string =>
      plural(count, {
        zero: searching
          ? 'Nothing selected: a restore brings back everything, not only the matches'
          : 'Nothing selected: a restore brings back everything',
        one: '# selected',
        other: '# selected',
      }),
    clear: 'Clear selection',
    zip: 'Download as ZIP',
    folder: 'Restore to a folder',
    folderMissing: 'This browser cannot write into folders. The ZIP works everywhere.',
    loading: 'Reading the list…',
    emptyFolder: 'This folder is empty.',
    report: {
      title: 'Restore finished',
      partly: 'Restore finished, with gaps',
      all: (count: number, size: string): string =>
        count === 0
          ? 'Nothing could be restored.'
          : `${files(count)} restored, ${size}. Every byte was checked.`,
      kept: (count: number): string =>
        plural(count, {
          one: '# of them lay in the folder already, byte for byte.',
          other: '# of them lay in the folder already, byte for byte.',
        }),
      failed: (count: number): string =>
        plural(count, { one: '# file could not be restored', other: '# files could not be restored' }),
      corrected: 'Wrong pieces, put right',
      correctedBy: (name: string, count: number): string =>
        `${name} served ${plural(count, { one: '# wrong piece', other: '# wrong pieces' })}; the right ones came from other partners.`,
      someone: 'A partner',
      dismiss: 'Close the report',
    },
  },

  partners: {
    title: 'Partners',
    lead: 'They hold pieces of your files, and you hold pieces of theirs. A piece alone tells nothing.',
    none: 'No partner yet.',
    noneNext: 'Partners are found among the members of your cooperative while they are online.',
    toInvite: 'Invite somebody',
    online: 'Online',
    away: 'Away',
    seen: (when: string): string => `seen ${when}`,
    neverSeen: 'not seen yet',
    holdsMine: 'Holds for you',
    holdsTheirs: 'You hold',
    ofPromised: (used: string, promised: string): string => `${used} of ${promised}`,
    search: 'Find a partner',
    states: {
      candidate: { label: 'Found', sentence: 'Not agreed yet; it may become a partner.' },
      negotiating: { label: 'Agreeing', sentence: 'You are agreeing on space.' },
      active: { label: 'Holding', sentence: 'Keeps its promise.' },
      suspect: { label: 'Not answering', sentence: 'Has not answered for a while; it has time to return.' },
      leaving: { label: 'Moving out', sentence: 'Is leaving; its pieces are moved to others.' },
      reneged: { label: 'Let you down', sentence: 'Did not keep its promise; its pieces go to others.' },
      evicted: {
        label: 'Cleared',
        sentence: 'Its browser cleared the pieces; that is not its fault. They are made again.',
      },
      departed: { label: 'Gone', sentence: 'Has left; its pieces were given to others.' },
    },
    /** where the label of the state would not be the truth */
    reasonLabels: {
      'proof-failed': 'Wrong proof',
      'proof-unanswered': 'Owes a proof',
      'lost-pieces': 'Lost pieces',
    } as Readonly<Record<string, string>>,
    /** by the code of the reason */
    reasons: {
      silent: (facts) =>
        facts.since === undefined
          ? `Does not answer; ${unless(facts, 'returns')}`
          : `Has not answered since ${facts.since}; ${unless(facts, 'returns')}`,
      'proof-failed': (facts) => `Its proofs have been wrong${since(facts)}; ${then(facts)}`,
      'proof-unanswered': (facts) =>
        `Has owed an answer to a proof${since(facts)}; ${unless(facts, 'gives it')}`,
      'lost-pieces': () => 'Says itself that it lost some of your pieces; they are made again elsewhere.',
      evicted: (facts) =>
        facts.day === undefined
          ? 'Its storage was taken away; that is not its fault. Your pieces are made again elsewhere.'
          : `Its storage was taken away on ${facts.day}; that is not its fault. Your pieces are made again elsewhere.`,
      leaving: (facts) =>
        facts.day === undefined
          ? 'Is leaving; your pieces move to others first.'
          : `Leaves on ${facts.day}; your pieces move to others before that.`,
      'reneged-silent': (facts) =>
        `Stayed silent for longer than was agreed; its pieces have been going to others${since(facts)}.`,
      'reneged-proof': (facts) =>
        `Owed a proof for longer than was agreed; its pieces have been going to others${since(facts)}.`,
      ended: (facts) =>
        facts.day === undefined ? 'The partnership has ended.' : `The partnership ended on ${facts.day}.`,
      'no-member': () => 'Is not in the cooperative any more; its pieces go to others.',
      new: () => 'New: you are about to agree on space.',
    } as Readonly<Record<string, (facts: ReasonFacts) => string>>,
    ready: 'Ready to hold pieces for you.',
    readyLabel: 'Ready',
    onlyTakes: 'Gives you no space, so it holds nothing for you.',
    onlyTakesLabel: 'Gives no space',
    holds: 'Holds pieces for you.',
    onDay: (day: string): string => `on ${day}`,
    soon: 'soon',
    proved: (ago: string): string => `Proved ${ago} that it keeps your pieces.`,
    lastProof: (ago: string): string => `Its last proof was ${ago}.`,
    notProved: 'Has not proved yet that it keeps your pieces.',
    hours: {
      label: 'Its hours in a week',
      always: 'Online nearly all the time',
      seldom: 'Seldom online',
      scattered: (share: string): string => `Online at changing hours, about ${share} of the time`,
      everyDay: (spans: string): string => `Mostly online ${spans} every day`,
      weekdays: (spans: string): string => `Mostly online ${spans} on weekdays`,
      weekends: (spans: string): string => `Mostly online ${spans} at weekends`,
      both: (weekdays: string, weekends: string): string =>
        `Mostly online ${weekdays} on weekdays and ${weekends} at weekends`,
      allDay: 'all day',
    },
    agreement: {
      title: 'Agreement',
      made: 'Made',
      ends: 'Ends',
      givesUs: 'It gives you',
      weGive: 'You give it',
      grace: 'Time to return',
      commitment: 'Stays at least',
      audits: 'Asked for a proof',
      proofs: 'Proofs so far',
      reads: 'May be read',
      days: (count: number): string => plural(count, { one: '# day', other: '# days' }),
      auditEvery: (hours: number): string =>
        `at least every ${plural(hours, { one: 'hour', other: '# hours' })}`,
      proofCount: (passed: number, failed: number): string =>
        failed === 0 ? `${passed} right` : `${passed} right, ${failed} wrong or missing`,
      readsPerYear: (times: number): string =>
        plural(times, { one: 'up to its whole space a year', other: 'up to # times its space a year' }),
    },
    end: {
      button: 'End partnership',
      question: (name: string): string => `End the partnership with ${name}?`,
      detail: (held: string, holding: string): string =>
        `Your ${held} move to other partners first, and its ${holding} here move away. After that neither holds anything for the other.`,
      detailEmpty: 'Neither holds anything for the other, so nothing has to move.',
      yes: 'End it',
      no: 'Keep it',
      done: (name: string): string => `The partnership with ${name} is ending.`,
    },
    platforms: {
      chromium: 'Chromium',
      firefox: 'Firefox',
      webkit: 'Safari',
      nodejs: 'Node.js',
      linux: 'Linux',
      windows: 'Windows',
      macos: 'macOS',
      android: 'Android',
      ios: 'iOS',
    } as Readonly<Record<string, string>>,
    classes: {
      tab: 'in a browser tab',
      installed: 'installed app',
      appliance: 'always-on server',
    } as Readonly<Record<string, string>>,
  },

  space: {
    title: 'Space',
    lead: 'What you give is what others may keep here. In return they keep yours.',
    give: 'Space I give',
    unit: 'GiB',
    slider: 'Space I give, as a slider',
    saved: 'Saved',
    saving: 'Saving…',
    tooMuch: (quota: string): string => `This browser allows ${quota} in all.`,
    invalid: 'Enter a number of 0 or more.',
    belowHeld: (held: string): string =>
      `You hold ${held} for others already. They keep it; nothing new is taken.`,
    use: 'In use',
    held: 'Held for others',
    promised: 'Promised to partners',
    rest: 'Free of what you give',
    uploads: 'Uploads',
    uploadLimit: 'Send at most',
    uploadUnit: 'MiB a second',
    noLimit: 'no limit',
    uploadsLead: 'To all partners together, for backups and for what they fetch. Empty for no limit.',
    uploadInvalid: (least: number): string => `Enter ${least} or more, or nothing for no limit.`,
    device: 'This browser',
    quota: 'The browser allows',
    used: 'Roost uses',
    usedOf: (used: string, quota: string): string => `${used} of ${quota}`,
    keep: 'Kept safe from clearing',
    persisted: 'The browser has promised not to clear Roost’s storage by itself.',
    notPersisted: 'When disk space runs low, this browser may clear Roost’s storage without asking.',
    persist: 'Ask the browser to keep it',
    persistNo:
      'The browser said no for now. Installing Roost, or bookmarking it and visiting often, usually changes that.',
    install: 'Install Roost',
    installTitle: 'As an app',
    installLead: 'An installed Roost has its own window, starts faster and is cleared less often.',
    installed: 'Roost runs as an installed app.',
    installHow: 'Your browser’s menu may offer “Install” or “Add to home screen”.',
    active: 'Active while open',
    activeLead:
      'Partners can reach your space while this page is open. Keep a pinned tab, or the installed app.',
    awake: 'Keep this device awake while Roost is open',
    awakeNo: 'The browser did not allow it just now.',
  },

  cooperative: {
    title: 'Cooperative',
    members: 'Members',
    memberCount: (count: number): string => plural(count, { one: '# member', other: '# members' }),
    onlineCount: (count: number): string => `${count} online now`,
    you: 'you',
    roles: { member: 'Member', steward: 'Steward' },
    rolesLead: 'Stewards may invite and remove members. Nobody, steward or not, can read another’s files.',
    online: 'Online',
    away: 'Away',
    invite: 'Invite somebody',
    inviteLead:
      'Send this link, or let them scan the code. Whoever has it can join, so send it only to people you trust.',
    thisComputerOnly:
      'This link opens on this computer only, because Roost was opened under its own address, localhost. Others need an address that reaches the broker from where they are; its operator’s guide says how.',
    link: 'Invite link',
    qr: 'QR code of the invite link',
    copy: 'Copy the link',
    share: 'Share',
    fresh: 'Make a new link',
    making: 'Making a link…',
    notSteward: 'Only stewards can invite. Ask one of them for a link.',
    none: 'This device is not in a cooperative.',
  },

  recovery: {
    title: 'Recovery',
    lead: 'Twelve words bring everything back on any device, even when this one is gone.',
    facts: [
      'You saw the words when you began. Roost does not keep them, so it cannot show them again.',
      'With the words and this site’s address, every file of every snapshot returns.',
      'Without the words nobody can help: not the other members, not whoever runs the server.',
    ],
    check: 'Check my words',
    checkLead: 'Type or paste the words from your sheet. Roost compares them and forgets them.',
    checkButton: 'Check',
    right: 'These are your words. Keep them safe.',
    wrong: 'These are the words of another account, not of this one.',
    typo: 'These are not recovery words. Compare each of the twelve, and their order, with your sheet.',
    sheet: 'Recovery sheet',
    sheetLead: 'The address, its QR code and your partners, with twelve blanks to fill in by hand.',
    printSheet: 'Print the sheet',
    saveSheet: 'Save as a file',
    saved: 'The sheet is saved. The words are not in it.',
    sheetElsewhere: 'Roost is open in another tab: print the sheet there.',
    drill: 'Try it',
    drillLead: 'The best proof is a restore. Bring one folder back as a ZIP and look into it.',
    drillGo: 'Go to Files',
  },

  activity: {
    title: 'Activity',
    lead: 'What Roost did, and why. Newest first.',
    none: 'Nothing has happened yet.',
    search: 'Search the log',
    noMatch: 'Nothing in the log has these words.',
    levels: { info: 'Note', warning: 'Warning', problem: 'Problem' },
    only: 'Only warnings and problems',
    list: 'Log',
    somePartner: 'A partner',
    other: (event: string): string => `Noted: ${event}.`,
    events: {
      founded: (facts) => `You started the cooperative “${facts.word('name')}”.`,
      joined: (facts) => `You joined the cooperative “${facts.word('name')}”.`,
      recovered: (facts) =>
        `Your words brought back ${snapshots(facts.number('snapshots'))} from ${partners(facts.number('partners'))}.`,
      saved: (facts) =>
        `Backup finished: ${files(facts.number('files'))}, ${facts.size('bytes')}; ${facts.size('sent')} sent.`,
      'save-failed': (facts) => `The backup did not finish. ${facts.fault()}.`.replace(' .', ''),
      'folder-removed': (facts) => `“${facts.word('name')}” is not backed up any more; its snapshots stay.`,
      restored: (facts) =>
        facts.number('failed') === 0
          ? `Restore finished: ${files(facts.number('files'))}.`
          : `Restore finished with gaps: ${files(facts.number('files'))}, ${facts.number('failed')} could not be had.`,
      'wrong-bytes': (facts) =>
        `${facts.partner()} served ${pieces(facts.number('segments'))} with wrong bytes; the right ones came from others.`,
      'pieces-lost': (facts) => `${facts.partner()} lost ${pieces(facts.number('pieces'))} of yours.`,
      'pieces-remade': (facts) => `${pieces(facts.number('pieces'))} made again and handed to partners.`,
      forgotten: (facts) => `${snapshots(facts.number('snapshots'))} cleared, ${facts.size('bytes')} freed.`,
      checked: (facts) =>
        facts.number('failed') === 0
          ? `You checked your partners: ${facts.number('proved')} proved that they keep your pieces.`
          : `You checked your partners: ${facts.number('proved')} proved that they keep your pieces, ${facts.number('failed')} did not.`,
      'partner-state': (facts) => {
        const now = states[facts.word('to')];
        return now === undefined
          ? `The state of ${facts.partner()} changed.`
          : `${facts.partner()} ${now}${why(facts.word('reason'))}.`;
      },
      'audit-passed': (facts) =>
        `${facts.partner()} proved that it keeps your pieces (${plural(facts.number('segments'), { one: '# sample', other: '# samples' })}).`,
      'audit-failed': (facts) =>
        `${facts.partner()} could not prove that it keeps your pieces${why(facts.word('reason'))}.`,
      'audit-lost': (facts) =>
        `Asked for a proof, ${facts.partner()} said that it lost ${pieces(facts.number('pieces'))} of yours.`,
      'partner-lost-pieces': (facts) =>
        `${facts.partner()} lost ${
          facts.number('pieces') === 0 ? 'what it held for you' : `${pieces(facts.number('pieces'))} of yours`
        }${why(facts.word('cause'))}. Roost makes it good with other partners.`,
      'partner-suspect': (facts) =>
        `${facts.partner()} has ${plural(facts.number('days'), { one: '# day', other: '# days' })} to put things right${why(facts.word('reason'))}.`,
      'partner-back': (facts) =>
        facts.number('away') > 0
          ? `${facts.partner()} is back after ${away(facts.number('away'))}.`
          : `${facts.partner()} is back.`,
      'partner-reneged': (facts) =>
        `${facts.partner()} let you down${why(facts.word('reason'))}. Its pieces go to others.`,
      'partner-reported': (facts) =>
        `${facts.who('by')} reports that ${facts.who('against')} did not keep a promise.`,
      'repair-done': (facts) =>
        `${pieces(facts.number('pieces'))} (${facts.size('bytes')}) made again and handed to partners.`,
      'repair-waits': (facts) =>
        `${pieces(facts.number('pieces'))} cannot be made again yet. Roost tries again by itself.`,
      'stood-in': (facts) =>
        `${pieces(facts.number('pieces'))} made again in place of another device of yours.`,
      rebalanced: (facts) =>
        `${pieces(facts.number('pieces'))} moved, so that partners hold them more evenly.`,
      'agreement-made': (facts) =>
        `You and ${facts.partner()} agreed to keep ${facts.size('bytes')} for each other.`,
      'agreement-renewed': (facts) => `The agreement with ${facts.partner()} goes on.`,
      'agreement-resized': (facts) =>
        `The agreement with ${facts.partner()} is now about ${facts.size('bytes')}.`,
      'agreement-ended': (facts) => `The agreement with ${facts.partner()} has ended.`,
      leaving: (facts) => {
        const until = facts.day('until');
        return until === undefined
          ? `${facts.partner()} is leaving; your pieces move to others.`
          : `${facts.partner()} leaves on ${until}; your pieces move to others before that.`;
      },
      'clock-jumped': (facts) =>
        `The clock of this device jumped by ${away(Math.abs(facts.number('hours')))}. No partner is blamed for that time.`,
      'reported-us': (facts) => `${facts.who('by')} says that this device did not keep its promise.`,
      'delegate-set': (facts) =>
        facts.word('device') === ''
          ? 'Only this device checks your partners and makes lost pieces again.'
          : 'Another device of yours checks your partners and makes lost pieces again while this one is away. It cannot read your files.',
      'delegate-duty': (facts) =>
        `Checked ${plural(facts.number('packs'), { one: '# set', other: '# sets' })} of pieces for another device of yours.`,
    } as Readonly<Record<string, (facts: EntryFacts) => string>>,
  },

  faults: {
    corrupt: { title: 'Some bytes were damaged', next: 'Try again: Roost reads them from other partners.' },
    malformed: {
      title: 'That could not be understood',
      next: 'Look for a missing or extra character and try again.',
    },
    'too-few': {
      title: 'Too few partners are online',
      next: 'Wait until more members have Roost open, then try again.',
    },
    'not-found': {
      title: 'It is not there',
      next: 'It may have been removed, or no partner that knows of it is online. Try again later.',
    },
    refused: {
      title: 'The other side said no',
      next: 'Ask a steward of the cooperative whether you may do this.',
    },
    'wrong-words': {
      title: 'These are not your recovery words',
      next: 'Compare each of the twelve, and their order, with your sheet, and the address of this page with the one on it.',
    },
    'bad-invite': {
      title: 'This invite does not work any more',
      next: 'It is damaged, expired or used up. Ask for a new link.',
    },
    unreachable: {
      title: 'Nobody answered',
      next: 'Check the internet connection of this device and try again.',
    },
    timeout: { title: 'It took too long', next: 'The connection may be slow. Try again.' },
    full: {
      title: 'There is no space left',
      next: 'Free some space, or give and get more space with partners.',
    },
    denied: {
      title: 'The browser did not allow it',
      next: 'Choose the folder again and say yes when the browser asks.',
    },
    unsupported: {
      title: 'This browser cannot do that',
      next: 'Use the other button, or another browser such as a current Chrome, Edge or Firefox.',
    },
    usage: { title: 'Something is missing', next: 'Check what you entered and try again.' },
    busy: {
      title: 'Roost is at work elsewhere',
      next: 'Another tab or a run that is still going holds it. Wait for it, or use this tab instead.',
    },
    aborted: { title: 'Stopped', next: 'What was done so far is kept. Start again whenever you like.' },
    internal: {
      title: 'Roost made a mistake',
      next: 'Your saved files are not touched by it. Reload the page and try again.',
    },
  },
};
