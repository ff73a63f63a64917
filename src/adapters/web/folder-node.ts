/** A folder of whatever kind the browser gives: a list of picked files, a directory handle, a dropped entry. */
export interface FolderNode {
  /** The children; one that cannot be opened is told in its place. @throws what the browser throws */
  children(): AsyncIterable<ChildNode>;
}

export type ChildNode =
  { readonly kind: 'folder'; readonly name: string; readonly folder: FolderNode } | ChildFile;

export interface ChildFile {
  readonly kind: 'file';
  readonly name: string;
  readonly open: OpenFile;
}

/** The file as it is now: its size, time and bytes. */
export type OpenFile = () => Promise<File>;
