// Loaded into a service before its own code, as an operator would load an SDK: each span becomes a line of its output.
import { trace } from '@opentelemetry/api';
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';

const exporter = {
  export(spans, done) {
    for (const span of spans) {
      const { traceId, spanId } = span.spanContext();
      const [seconds, nanos] = span.duration;
      const line = {
        ...{ event: 'span', name: span.name, traceId, spanId, attributes: span.attributes },
        ...{ parent: span.parentSpanContext?.spanId, ms: seconds * 1_000 + nanos / 1e6 },
      };
      process.stdout.write(`${JSON.stringify(line)}\n`);
    }
    done({ code: 0 });
  },
  shutdown: () => Promise.resolve(),
};

trace.setGlobalTracerProvider(
  new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
);
