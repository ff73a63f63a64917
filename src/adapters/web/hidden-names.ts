/** As measured with Chromium 156 (docs/decisions/0039-files-that-browsers-hide.md). */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Noncharacter_Code_Point}"*:<>?\\|]/u;
const UNSAFE_AT_AN_END = /^(?:[\p{White_Space}~]|\.\.)|[\p{White_Space}~.]$/u;
const DEVICE = /^(?:aux|clock\$|com[1-9]|con|conin\$|conout\$|lpt[1-9]|nul|prn)(?:\.|$)/i;
const SYSTEM_FILE = /^(?:desktop\.ini|thumbs\.db)$/i;
const SHORTCUT = /\.(?:lnk|local|scf|url)$/i;

const PATTERNS = [UNSAFE, UNSAFE_AT_AN_END, DEVICE, SYSTEM_FILE, SHORTCUT];

/**
 * Whether Chromium hides a file or folder of this name from pages that read its folder by a handle, on every system, for what Windows
 * could do with it. Links it hides, too, whatever they are called.
 */
export function isHiddenName(name: string): boolean {
  return PATTERNS.some((pattern) => pattern.test(name));
}
