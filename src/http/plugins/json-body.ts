import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { invalid } from '../keys.ts';

/**
 * Reads bodies. Bytes that are no UTF-8 are refused rather than replaced by question marks: a key would silently become
 * another one.
 */
export function readJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    const bytes = body as Buffer;
    if (!isUtf8(bytes)) {
      done(invalid('the body is not UTF-8; give keys that are not as keyBase64'), undefined);
      return;
    }
    let value: unknown;
    try {
      value = JSON.parse(bytes.toString('utf8'));
    } catch {
      done(invalid('the body is not JSON'), undefined);
      return;
    }
    done(null, value);
  });
}
