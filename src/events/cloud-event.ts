import { keyFields } from '../domain/key-fields.ts';
import type { OutgoingHeader } from '../domain/record.ts';
import type { LifecycleEvent } from './lifecycle-event.ts';

/** Who tells, and when. */
export interface Envelope {
  /** Unique within the source. */
  readonly id: string;
  /** The service's group prefix: each installation has its own. */
  readonly installation: string;
  readonly environment: string | null;
  /** Epoch ms. */
  readonly at: number;
}

/** CloudEvents 1.0, structured content mode: https://github.com/cloudevents/spec, Kafka protocol binding, section 3.3. */
export const CONTENT_TYPE: OutgoingHeader = ['content-type', 'application/cloudevents+json; charset=UTF-8'];

/** Pure. */
export function cloudEvent({ type, key, ...facts }: LifecycleEvent, envelope: Envelope): Buffer {
  const { id, installation, environment, at } = envelope;
  const event = {
    specversion: '1.0',
    id,
    source: `/retry-orchestrator/${encodeURIComponent(installation)}/routes/${facts.route}`,
    type: `retry-orchestrator.${type}`,
    time: new Date(at).toISOString(),
    datacontenttype: 'application/json',
    ...(environment === null ? {} : { environment }),
    data: { ...facts, ...keyFields(key) },
  };
  return Buffer.from(JSON.stringify(event));
}
