import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

/** A span, as far as tests look at it. */
export interface CollectedSpan {
  readonly name: string;
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parent: string;
  readonly ms: number;
  readonly attributes: Readonly<Record<string, unknown>>;
}

type Attributes = readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];

/** What an SDK sends as OTLP with `OTEL_EXPORTER_OTLP_PROTOCOL=http/json`, as far as it is read here. */
interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Attributes };
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly name: string;
        readonly traceId: string;
        readonly spanId: string;
        readonly parentSpanId?: string;
        readonly startTimeUnixNano: string;
        readonly endTimeUnixNano: string;
        readonly attributes: Attributes;
      }[];
    }[];
  }[];
}

/** A collector of OpenTelemetry's spans, which keeps them. */
export class SpanCollector implements AsyncDisposable {
  readonly spans: CollectedSpan[] = [];
  readonly #server = createServer((request, response) => {
    void json(request).then((body) => {
      this.spans.push(...spansIn(body as Export));
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });

  static async open(): Promise<SpanCollector> {
    const collector = new SpanCollector();
    collector.#server.listen(0, '127.0.0.1');
    await once(collector.#server, 'listening');
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  of(trace: string): CollectedSpan[] {
    return this.spans.filter(({ traceId }) => traceId === trace);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

function spansIn({ resourceSpans }: Export): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ name, traceId, spanId, parentSpanId: parent = '', ...span }) => ({
        ...{ name, traceId, spanId, parent },
        service: String(valuesOf(resource.attributes)['service.name']),
        ms: Number((BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1_000n) / 1_000,
        attributes: valuesOf(span.attributes),
      })),
    ),
  );
}

/** `{key, value: {stringValue: …}}` each. */
function valuesOf(attributes: Attributes): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
