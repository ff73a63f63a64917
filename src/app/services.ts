import type { AgentApi } from '../agent/api.ts';
import type { Sink } from '../ports/sink.ts';
import type { Source } from '../ports/source.ts';

/**
 * What the page around the agent gives the app. The app itself knows no adapter: boot/ builds this from the real ones, tests
 * from a fake agent.
 */
export interface Services {
  readonly agent: AgentApi;
  readonly folders: FolderAccess;
  readonly targets: RestoreTargets;
  readonly tab: TabRole;
  readonly updates: Updates;
  /** The address people open, without a fragment. */
  readonly site: string;
}

/** A folder that can be read now. */
export interface ChosenFolder {
  readonly name: string;
  readonly source: Source;
  /** How it compares with the folder that the browser keeps under its name; 'unknown' where nothing tells. */
  former(): Promise<'same' | 'other' | 'unknown'>;
  /** Has the browser open it again after a reload, where that can be. */
  keep(): Promise<void>;
  /** The same folder, to be saved under another name. */
  named(name: string): ChosenFolder;
}

/** A folder chosen in an earlier visit, whose handle the browser kept. */
export interface RememberedFolder {
  readonly name: string;
  /** true when it opens without asking */
  readonly granted: boolean;
  /** Asks for permission where it must (needs a click); undefined when it was refused. */
  open(): Promise<ChosenFolder | undefined>;
}

export interface FolderAccess {
  /** false where the browser has no folder dialog of its own: the input takes its place */
  readonly canPick: boolean;
  /** Opens the browser's folder dialog; undefined when it was closed without a choice. */
  pick(): Promise<ChosenFolder | undefined>;
  fromInput(files: readonly File[]): Promise<readonly ChosenFolder[]>;
  fromDrop(transfer: DataTransfer): Promise<readonly ChosenFolder[]>;
  remembered(): Promise<readonly RememberedFolder[]>;
  forget(name: string): Promise<void>;
}

export interface RestoreTargets {
  readonly canPickFolder: boolean;
  /** Undefined when the dialog was closed without a choice. */
  folder(): Promise<Sink | undefined>;
  /** Begins a download as it is written. */
  zip(fileName: string): Promise<Sink>;
  /** Downloads a short text. @throws RoostError 'aborted' when no file was chosen */
  text(fileName: string, content: string): Promise<void>;
}

/** Whether this tab leads or shows what another tab of the same profile does. */
export interface TabRole {
  readonly following: boolean;
  onChange(handler: () => void): () => void;
  /** Asks the leading tab to step back, and leads. */
  useThisTab(): Promise<void>;
  /** Set by the app: false while another tab must not take the lead, because something on screen would be lost. */
  mayLeave: () => boolean;
}

/** A newer version of the app, already downloaded. */
export interface Updates {
  readonly available: boolean;
  onChange(handler: () => void): () => void;
  /** Starts the newer version; the page reloads. */
  apply(): void;
}
