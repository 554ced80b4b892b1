/** The commands of Kafka's own tools, as one would type them. */
export class KafkaCommands {
  readonly #server: string;

  constructor(brokers: readonly string[]) {
    this.#server = `--bootstrap-server ${brokers.join(',')}`;
  }

  configure(topic: string, settings: Readonly<Record<string, string>>): string {
    // A list stands in brackets: its commas would part settings.
    const written = Object.entries(settings).map(
      ([name, value]) => `${name}=${value.includes(',') ? `[${value}]` : value}`,
    );
    return `kafka-configs.sh ${this.#server} --alter --entity-type topics --entity-name ${topic} --add-config ${written.join(',')}`;
  }

  grow(topic: string, partitions: number): string {
    return `kafka-topics.sh ${this.#server} --alter --topic ${topic} --partitions ${String(partitions)}`;
  }

  create(
    topic: string,
    partitions: number,
    replicas: number | null,
    settings: Readonly<Record<string, string>>,
  ): string {
    const configs = Object.entries(settings).map(([name, value]) => ` --config ${name}=${value}`);
    const factor = replicas === null ? '' : ` --replication-factor ${String(replicas)}`;
    return `kafka-topics.sh ${this.#server} --create --topic ${topic} --partitions ${String(partitions)}${factor}${configs.join('')}`;
  }

  members(group: string): string {
    return `kafka-consumer-groups.sh ${this.#server} --describe --members --verbose --group ${group}`;
  }
}
