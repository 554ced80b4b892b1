export interface KafkaNode {
  readonly id: number;
  readonly port: number;
  readonly controllerPort: number;
  /** With a proxy in front of it: its port, which clients are told, and the one at which the brokers talk past it. */
  readonly front?: { readonly port: number; readonly insidePort: number };
  /** More doors for clients. */
  readonly doors?: readonly (Door & { readonly port: number })[];
}

/** A listener for clients beside the one in plain text. */
export interface Door {
  /** In capitals, as Kafka's listeners are named. */
  readonly name: string;
  readonly protocol: 'SSL' | 'SASL_SSL' | 'SASL_PLAINTEXT';
  /** Settings of this listener alone, without its prefix. */
  readonly properties: Readonly<Record<string, string>>;
}

/** server.properties of one node of a small cluster on this machine, the same for processes and for Docker. */
export function nodeProperties(
  node: KafkaNode,
  cluster: readonly KafkaNode[],
  bind: '127.0.0.1' | '0.0.0.0',
): Record<string, string> {
  const replicas = String(Math.min(3, cluster.length));
  const voters = cluster.map(({ id, controllerPort }) => `${id}@127.0.0.1:${controllerPort}`);
  const { front, doors = [] } = node;
  return {
    'process.roles': 'broker,controller',
    'node.id': String(node.id),
    'controller.quorum.voters': voters.join(','),
    listeners: [
      `PLAINTEXT://${bind}:${node.port}`,
      `CONTROLLER://${bind}:${node.controllerPort}`,
      ...(front ? [`INSIDE://${bind}:${front.insidePort}`] : []),
      ...doors.map(({ name, port }) => `${name}://${bind}:${port}`),
    ].join(','),
    'advertised.listeners': [
      `PLAINTEXT://127.0.0.1:${front?.port ?? node.port}`,
      ...(front ? [`INSIDE://127.0.0.1:${front.insidePort}`] : []),
      ...doors.map(({ name, port }) => `${name}://127.0.0.1:${port}`),
    ].join(','),
    ...(front ? { 'inter.broker.listener.name': 'INSIDE' } : {}),
    'listener.security.protocol.map': [
      'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      ...(front ? ['INSIDE:PLAINTEXT'] : []),
      ...doors.map(({ name, protocol }) => `${name}:${protocol}`),
    ].join(','),
    ...Object.fromEntries(doors.flatMap(ofDoor)),
    'controller.listener.names': 'CONTROLLER',

    // As in production: a misspelt topic is an error, not a new topic with one partition.
    'auto.create.topics.enable': 'false',
    'default.replication.factor': replicas,
    'min.insync.replicas': String(Math.min(2, cluster.length)),

    // One partition instead of fifty for the internal topics: less to create before the first group is stable.
    'offsets.topic.num.partitions': '1',
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.num.partitions': '1',
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': String(Math.min(2, cluster.length)),

    // A group of one member starts at once, and short sessions let tests kill a member and go on.
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
  };
}

function ofDoor({ name, properties }: Door): [string, string][] {
  const prefix = `listener.name.${name.toLowerCase()}.`;
  return Object.entries(properties).map(([key, value]) => [prefix + key, value]);
}
