import { aclCommands, principalOf } from '../access/commands.ts';
import { nameOf } from '../access/needs.ts';
import type { Need } from '../access/needs.ts';
import type { Config } from '../config/config.ts';
import type { RoutedFinding } from './report.ts';

/** What Kafka does not allow, each with the command that grants it. */
export function accessFindings(missing: readonly Need[], { kafka }: Pick<Config, 'kafka'>): RoutedFinding[] {
  const to = { brokers: kafka.brokers, principal: principalOf(kafka.librdkafka) };
  return missing.map((need): RoutedFinding => {
    const { route, resource, name, why, optional } = need;
    return {
      route,
      severity: optional === true ? 'warning' : 'error',
      code: 'access',
      subject: `${resource} ${name}`,
      what: `Kafka does not allow ${nameOf(need)}`,
      cost: optional === true ? `nobody ${why}` : `needed for: ${why}; the route releases nothing without it`,
      remedy: aclCommands([need], to).join(),
    };
  });
}
