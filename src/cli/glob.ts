/**
 * A test for paths: `*` and `?` within a part, `**` across parts, `[a-z]` sets. A pattern without '/' is matched against
 * the last part of the path, one with '/' against all of it.
 */
export function globMatcher(pattern: string): (path: string) => boolean {
  const whole = pattern.includes('/');
  const expression = new RegExp(`^${translate(pattern.replace(/^\/+|\/+$/g, ''))}$`, 'u');
  return (path) => expression.test(whole ? path : path.slice(path.lastIndexOf('/') + 1));
}

function translate(pattern: string): string {
  const characters = Array.from(pattern);
  let expression = '';
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i] ?? '';
    if (character === '*' && characters[i + 1] === '*') {
      i++;
      if (characters[i + 1] === '/') {
        i++;
        expression += '(?:.*/)?';
      } else {
        expression += '.*';
      }
    } else if (character === '*') {
      expression += '[^/]*';
    } else if (character === '?') {
      expression += '[^/]';
    } else if (character === '[') {
      const end = characters.indexOf(']', i + 2);
      if (end === -1) {
        expression += '\\[';
        continue;
      }
      const set = characters.slice(i + 1, end);
      const negated = set[0] === '!' || set[0] === '^';
      const members = (negated ? set.slice(1) : set).map((member) =>
        /[\\^[\]]/.test(member) ? `\\${member}` : member,
      );
      expression += `[${negated ? '^' : ''}${members.join('')}]`;
      i = end;
    } else {
      expression += /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
    }
  }
  return expression;
}
