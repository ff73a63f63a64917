/** Families and systems as the directory names them; coarse on purpose. */

export function browserFamily(agent: string): string {
  // Every browser of iOS is WebKit, whatever it calls itself.
  if (/iPhone|iPad|iPod/.test(agent)) return 'webkit';
  if (/Firefox\//.test(agent)) return 'firefox';
  if (/Chrom(?:e|ium)\//.test(agent)) return 'chromium';
  return /AppleWebKit\//.test(agent) ? 'webkit' : 'other';
}

/** `touchPoints` tells an iPad, which calls itself a Mac, from one. */
export function operatingSystem(agent: string, touchPoints: number): string {
  if (/iPhone|iPad|iPod/.test(agent) || (agent.includes('Macintosh') && touchPoints > 1)) return 'ios';
  if (agent.includes('Android')) return 'android';
  if (agent.includes('Windows')) return 'windows';
  if (agent.includes('Macintosh')) return 'macos';
  return /Linux|X11|CrOS/.test(agent) ? 'linux' : 'other';
}
