import type { FastifyInstance, InjectOptions, RouteOptions } from 'fastify';
import type { HttpConfig, RouteConfig } from '../../src/config/config.ts';
import { Audit } from '../../src/audit/audit.ts';
import { DeadLetterDesk } from '../../src/dead-letters/dead-letter-desk.ts';
import { DeadLetterIndex } from '../../src/dead-letters/dead-letter-index.ts';
import { IndexScripts } from '../../src/dead-letters/index-scripts.ts';
import type { Position } from '../../src/explanation/facts.ts';
import type { Failed, KeyFailure, ShapeCount } from '../../src/failures/failure-tally.ts';
import { Authentication } from '../../src/http/auth/authentication.ts';
import { createApp } from '../../src/http/app.ts';
import type { BackpressureState } from '../../src/protection/backpressure.ts';
import type { ControlState } from '../../src/protection/route-control.ts';
import type { RouteDesk } from '../../src/http/route-desk.ts';
import { ChangingLevel, type LogLevel } from '../../src/log-level.ts';
import { createLogger } from '../../src/logger.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { BoxScripts } from '../../src/penalty-box/box-scripts.ts';
import { GateBox } from '../../src/penalty-box/gate-box.ts';
import { OperatorBox } from '../../src/penalty-box/operator-box.ts';
import { RedriveDesk } from '../../src/redrive/redrive-desk.ts';
import { RedriveStore } from '../../src/redrive/redrive-store.ts';
import { RedisConnection } from '../../src/redis/connection.ts';
import { FakeClock } from './fake-clock.ts';
import { MemoryTrail } from './memory-trail.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly body: Record<string, unknown>;
  readonly text: string;
}

type LogLine = Record<string, unknown>;

interface ApiOptions {
  readonly auth?: HttpConfig['auth'];
  readonly limits?: Partial<HttpConfig['limits']>;
  readonly logKeys?: boolean;
  /** Hears of every path. */
  readonly onRoute?: (route: RouteOptions) => void;
}

/** The HTTP API over the desks given, with what it logs. */
export class Api implements AsyncDisposable {
  readonly app: FastifyInstance;
  readonly clock: FakeClock;
  readonly metrics: ReturnType<typeof createMetrics>;
  readonly lines: LogLine[] = [];
  readonly trail = new MemoryTrail();
  readonly authentication: Authentication;
  readonly logLevel: ChangingLevel;
  /** From which levels it fell back. */
  readonly levelsBack: LogLevel[] = [];
  missing: string[] = [];

  constructor(
    desks: readonly RouteDesk[],
    clock = new FakeClock(),
    { auth = 'none', limits = {}, logKeys = false, onRoute }: ApiOptions = {},
  ) {
    this.clock = clock;
    this.metrics = createMetrics(desks.map(({ config }) => config.name));
    this.logLevel = new ChangingLevel({
      configured: 'info',
      clock,
      onBack: (from) => this.levelsBack.push(from),
    });
    const logger = createLogger(this.logLevel, {
      write: (line) => void this.lines.push(JSON.parse(line) as LogLine),
    });
    this.authentication = new Authentication({ auth, logger, clock });
    this.app = createApp({
      desks: new Map(desks.map((desk) => [desk.config.name, desk])),
      foundations: { missing: () => Promise.resolve(this.missing) },
      metrics: this.metrics,
      audit: new Audit({
        trail: this.trail,
        publish: null,
        routes: new Set(desks.map(({ config }) => config.name)),
        onLost: (route, target) => {
          this.metrics.auditFailures.inc({ route, target });
        },
        logger,
        clock,
        logKeys,
      }),
      authentication: this.authentication,
      http: {
        trustProxy: false,
        limits: { callsPerMinute: null, gateCallsPerMinute: null, refusalsPerMinute: 60, ...limits },
      },
      version: '0.0.0',
      tracing: null,
      logLevel: this.logLevel,
      environment: null,
      ...(onRoute === undefined ? {} : { onRoute }),
      logger,
      clock,
    });
  }

  get(url: string): Promise<Answer> {
    return this.ask({ method: 'GET', url });
  }

  post(url: string, payload: object): Promise<Answer> {
    return this.ask({ method: 'POST', url, payload });
  }

  put(url: string, payload: object): Promise<Answer> {
    return this.ask({ method: 'PUT', url, payload });
  }

  async ask(options: InjectOptions): Promise<Answer> {
    const { statusCode, headers, body } = await this.app.inject(options);
    const json = String(headers['content-type']).startsWith('application/json');
    return {
      status: statusCode,
      headers,
      body: json ? (JSON.parse(body) as Record<string, unknown>) : {},
      text: body,
    };
  }

  logged(event: string): LogLine[] {
    return this.lines.filter((line) => line['event'] === event);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app.close();
  }
}

/** A route of four partitions that has nothing to complain about; what Kafka says is in the test's hand. */
export class TestDesk implements RouteDesk {
  readonly config: RouteConfig;
  readonly gate: GateBox;
  readonly operator: OperatorBox;
  readonly control = new SwitchesInMemory();
  readonly rate = { perSecond: 50, growth: 'doubling' } as const;
  readonly backpressure = (): BackpressureState => ({ state: 'inline', since: null, why: null });
  partitions = 4;
  mainPartitions = 4;
  /** What Kafka tells when it is asked again. */
  refreshed: () => void = () => undefined;
  complaints: string[] = [];
  owned: { partition: number; restored: boolean; journalLate: boolean }[] = [];
  end: () => Promise<number> = () => Promise.resolve(0);
  position: () => Promise<number> = () => Promise.resolve(-1);
  deadLetterTotal: () => Promise<number | null> = () => Promise.resolve(0);
  /** What the API told of failures, and what it hears of them. */
  readonly failed: Failed[] = [];
  shapes: ShapeCount[] = [];
  keyFailures: KeyFailure[] = [];
  readonly failures = {
    log: { add: (failed: Failed) => void this.failed.push(failed) },
    store: {
      top: (_sort: 'count' | 'last', limit: number) => Promise.resolve(this.shapes.slice(0, limit)),
      ofUnit: () => Promise.resolve(this.keyFailures),
    },
  };
  hotKeys: RouteDesk['hotKeys'] = {
    held: () => Promise.resolve({ at: 0, total: 0, keys: [], without: [] }),
    failing: () => Promise.resolve({ since: 0, total: 0, othersAtMost: 0, keys: [] }),
  };
  deadLetters = noDeadLetters();
  redrives = noRedrives();

  constructor(config: Partial<RouteConfig>, boxes: { gate: GateBox; operator: OperatorBox } = unreachable()) {
    this.config = { ...CONFIG, ...config };
    this.gate = boxes.gate;
    this.operator = boxes.operator;
  }

  partitionCount(): number {
    return this.partitions;
  }

  mainPartitionCount(): number {
    return this.mainPartitions;
  }

  refreshTopics(): Promise<void> {
    this.refreshed();
    return Promise.resolve();
  }

  problems(): readonly string[] {
    return this.complaints;
  }

  shards(): readonly { partition: number; restored: boolean; journalLate: boolean }[] {
    return this.owned;
  }

  retryEnd(): Promise<number> {
    return this.end();
  }

  committed(): Promise<number> {
    return this.position();
  }

  read: (partition: number) => Promise<Position> = (partition) =>
    Promise.resolve({ partition, committed: null, end: 0, known: false });

  readTo(partition: number): Promise<Position> {
    return this.read(partition);
  }

  async retryEnds(): Promise<Map<number, number>> {
    const end = await this.end();
    return new Map(this.#partitions().map((partition) => [partition, end]));
  }

  async positions(): Promise<Map<number, Position>> {
    const positions = await Promise.all(this.#partitions().map((partition) => this.read(partition)));
    return new Map(positions.map((position) => [position.partition, position]));
  }

  #partitions(): number[] {
    return Array.from({ length: this.partitionCount() }, (_, partition) => partition);
  }

  deadLetterCount(): Promise<number | null> {
    return this.deadLetterTotal();
  }
}

/** What operators have switched, as one replica without Redis would keep it. */
class SwitchesInMemory {
  state: ControlState = { paused: null, breaker: null };

  change(next: (state: ControlState) => ControlState): Promise<ControlState> {
    this.state = next(this.state);
    return Promise.resolve(this.state);
  }
}

export const CONFIG: RouteConfig = {
  name: 'orders',
  topic: 'orders-main',
  consumerGroup: 'orders-service',
  retryTopic: 'orders-main.retry',
  deadLetterTopic: 'orders-main.dlq',
  ordering: 'key',
  gate: true,
  backoff: { kind: 'exponential', initial: 1_000, multiplier: 2, max: 60_000, jitter: 0 },
  maxAttempts: 5,
  maxAge: null,
  undeliverable: { attempts: 3 },
  carryForward: { age: 3_600_000, distance: 100_000 },
  afterDeadLetter: 'continue',
  deadLetters: { allowEdit: false, indexLimit: 100_000 },
  redelivery: { window: 8, maxPerSecond: 500, startPerSecond: 50, topic: null },
  deliveryTimeout: 60_000,
  claimTtl: 10_000,
  journalInterval: 200,
  payload: { inlineUpTo: 65_536 },
  limits: { heldBytes: 2 ** 30, lockedKeys: 100_000 },
  breaker: { failureShare: 0.9, window: 30_000, minimum: 50, keys: 20, probes: 5 },
  gateListLimit: 1_000,
};

/** Boxes whose Redis was never connected: each call says so. */
function unreachable(): { gate: GateBox; operator: OperatorBox } {
  const connection = new RedisConnection({
    target: { kind: 'url', url: 'redis://127.0.0.1:1' },
    logger: createLogger('silent'),
    role: 'commands',
  });
  const servers = { serverOf: () => ({ connection, clock: { now: () => 0, past: () => 0 } }) };
  const clock = new FakeClock();
  const scripts = new BoxScripts({ servers, clock, keyPrefix: 'none:', route: 'orders' });
  return {
    gate: new GateBox({ scripts, policy: CONFIG, random: () => 0 }),
    operator: new OperatorBox(scripts),
  };
}

/** Redrives whose Redis was never connected, likewise. */
function noRedrives(): RedriveDesk {
  const connection = new RedisConnection({
    target: { kind: 'url', url: 'redis://127.0.0.1:1' },
    logger: createLogger('silent'),
    role: 'commands',
  });
  const servers = { serverOf: () => ({ connection, clock: { now: () => 0, past: () => 0 } }) };
  return new RedriveDesk({
    store: new RedriveStore({ servers, keyPrefix: 'none:', route: 'orders' }),
    deadLetters: () => Promise.resolve({ id: '', ranges: new Map([[0, { first: 0, end: 100 }]]) }),
    newId: () => 'r-1',
    onChange: () => undefined,
    clock: new FakeClock(),
  });
}

/** An index whose Redis was never connected, likewise. */
function noDeadLetters(): DeadLetterDesk {
  const connection = new RedisConnection({
    target: { kind: 'url', url: 'redis://127.0.0.1:1' },
    logger: createLogger('silent'),
    role: 'commands',
  });
  const clock = new FakeClock();
  const scripts = new IndexScripts({
    servers: { serverOf: () => ({ connection }) },
    keyPrefix: 'none:',
    route: 'orders',
  });
  const topic = CONFIG.deadLetterTopic;
  const index = new DeadLetterIndex({
    scripts,
    topic,
    mainTopic: CONFIG.topic,
    send: () => undefined,
    clock,
  });
  const open = (): never => {
    throw new Error('there is no Kafka');
  };
  return new DeadLetterDesk({
    route: CONFIG,
    scripts,
    index,
    records: { read: open },
    origins: { read: open },
    partitions: () => 0,
  });
}
