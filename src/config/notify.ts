import { readFileSync } from 'node:fs';
import type { NotifyConfig } from './config.ts';
import { FormatError } from './formats.ts';
import type { Reading } from './read-section.ts';
import type { ValuesOf } from './schema.ts';
import type { notifySettings } from './settings/notify.ts';
import { webhookUrl } from './web-formats.ts';

/** Like `readSection`: only to be used when no problem was reported. */
export function readNotify(
  { url, urlFile, ...rest }: ValuesOf<typeof notifySettings>,
  reading: Reading,
): NotifyConfig {
  if (url && urlFile) reading.problem('notify.urlFile', 'is set beside notify.url; keep one of them');
  if (rest.link?.includes('{key}') === true && !rest.keys) {
    reading.problem('notify.link', 'has {key} in it, which needs notify.keys: true');
  }
  return { ...rest, url: urlFile ? readUrl(urlFile, reading) : url };
}

function readUrl(path: string, reading: Reading): string | null {
  try {
    return webhookUrl.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const what =
      error instanceof FormatError ? `holds something that is ${error.message}` : (error as Error).message;
    reading.problem('notify.urlFile', `${path}: ${what}`);
    return null;
  }
}
