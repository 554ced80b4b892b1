import { type Format, FormatError } from './formats.ts';

/** The address of a webhook. What was written is never shown: who knows it may write there. */
export const webhookUrl: Format<string> = {
  name: 'secret URL',
  parse(written) {
    const url = typeof written === 'string' ? webUrl(written.trim()) : null;
    if (url === null) throw new FormatError('not a URL like https://hooks.example.com/services/…');
    return url.href;
  },
};

const PLACEHOLDERS = ['route', 'partition', 'offset', 'key'];

/** A URL with names in braces. */
export const linkTemplate: Format<string> = {
  name: 'URL with `{…}`',
  parse(written) {
    if (typeof written !== 'string' || webUrl(written.replaceAll(/[{}]/g, '')) === null) {
      throw new FormatError('is not a URL like https://retries.example.com/v1/routes/{route}/locks/{key}');
    }
    const names = [...written.matchAll(/\{([^}]*)\}/g)].map(([, name = '']) => name);
    const stranger = names.find((name) => !PLACEHOLDERS.includes(name));
    if (stranger !== undefined) {
      throw new FormatError(
        `{${stranger}} means nothing in a link; known are {${PLACEHOLDERS.join('}, {')}}`,
      );
    }
    return written;
  },
};

function webUrl(text: string): URL | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url !== null && ['http:', 'https:'].includes(url.protocol) ? url : null;
}
