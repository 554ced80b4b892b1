import type { NotifyConfig } from '../config/config.ts';
import type { Digest, GivenUp } from './digest.ts';

/** What decides about the words. */
export interface Wording extends Pick<NotifyConfig, 'format' | 'keys' | 'link'> {
  readonly environment: string | null;
}

/** The body of a notification, for `JSON.stringify`. Pure. */
export function notification(route: string, digest: Digest, wording: Wording): unknown {
  switch (wording.format) {
    case 'json':
      return asJson(route, digest, wording);
    case 'slack':
      return { text: lines(route, digest, wording, slackLink).join('\n') };
    case 'teams':
      return card(lines(route, digest, wording, (text, url) => `[${text}](${url})`));
  }
}

function asJson(route: string, digest: Digest, wording: Wording): unknown {
  const { environment } = wording;
  return {
    route,
    ...(environment === null ? {} : { environment }),
    from: new Date(digest.from).toISOString(),
    to: new Date(digest.to).toISOString(),
    failed: digest.failed,
    parkedKeys: digest.parked,
    reasons: Object.fromEntries(digest.reasons),
    errors: Object.fromEntries(digest.errors),
    examples: digest.examples.map((message) => {
      const url = linkTo(route, message, wording);
      return {
        origin: message.origin,
        ...(wording.keys && message.key !== null ? { key: keyText(message.key) } : {}),
        attempt: message.attempt,
        reason: message.reason,
        ...(message.errorClass === '' ? {} : { errorClass: message.errorClass }),
        at: new Date(message.at).toISOString(),
        ...(url === null ? {} : { link: url }),
      };
    }),
  };
}

type Link = (text: string, url: string) => string;

function lines(route: string, digest: Digest, wording: Wording, link: Link): string[] {
  const { failed, parked, reasons, errors, examples } = digest;
  const safe = wording.format === 'slack' ? escapeSlack : escapeMarkdown;
  const where = wording.environment === null ? route : `${route} (${wording.environment})`;
  const keys = parked === 0 ? '' : `, and ${counted(parked, 'key')} parked for them`;
  return [
    `${counted(failed, 'message')} of ${where} failed for good${keys}`,
    `Reasons: ${listed(reasons, safe)}`,
    `Errors: ${listed(errors, safe)}`,
    ...examples.map((message) => {
      const { origin, attempt, reason, errorClass, key } = message;
      const name = `${origin.topic} ${String(origin.partition)}/${String(origin.offset)}`;
      const url = linkTo(route, message, wording);
      const shown = url === null ? safe(name) : link(safe(name), url);
      const ofKey = wording.keys && key !== null ? `, key ${safe(keyText(key))}` : '';
      const error = errorClass === '' ? '' : `, ${safe(errorClass)}`;
      return `• ${shown}${ofKey}: ${reason} after ${counted(attempt, 'attempt')}${error}`;
    }),
  ];
}

/** A key is in no address unless notifications may name it. */
function linkTo(route: string, { origin, key }: GivenUp, { link, keys }: Wording): string | null {
  if (link === null || (link.includes('{key}') && (key === null || !keys))) return null;
  const values = new Map([
    ['route', route],
    ['partition', String(origin.partition)],
    ['offset', String(origin.offset)],
    ['key', key === null ? '' : keyText(key)],
  ]);
  return link.replaceAll(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(values.get(name) ?? ''));
}

function card(text: readonly string[]): unknown {
  const [title, ...rest] = text;
  const block = (line: string, more: object = {}): object => ({
    type: 'TextBlock',
    text: line,
    wrap: true,
    ...more,
  });
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [block(title ?? '', { weight: 'Bolder' }), ...rest.map((line) => block(line))],
        },
      },
    ],
  };
}

function keyText(key: Buffer): string {
  const text = key.toString('utf8');
  return Buffer.from(text, 'utf8').equals(key) ? text : `base64:${key.toString('base64')}`;
}

function listed(counts: ReadonlyMap<string, number>, safe: (text: string) => string): string {
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  return sorted.map(([name, times]) => `${safe(name)} ${String(times)}`).join(', ');
}

function counted(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}

const slackLink: Link = (text, url) => `<${url}|${text}>`;

function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>()#+!|-]/g, '\\$&');
}
