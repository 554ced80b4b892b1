// `npm run alerts -- [options]`: prints the alert rules, with other limits and addresses than those in grafana/alerts.
import { Command, InvalidArgumentError, Option } from 'commander';
import { defaultLimits, type Limits } from '../../grafana/alerts/limits.ts';
import { prometheusRule, ruleFile } from '../../grafana/alerts/rule-file.ts';

const FORMATS = { rules: ruleFile, 'prometheus-rule': prometheusRule };

interface Options {
  readonly format: keyof typeof FORMATS;
  readonly runbooks: string;
  readonly limit: Partial<Limits>;
}

function limitOf(text: string, limits: Partial<Limits>): Partial<Limits> {
  const [name = '', value = ''] = text.split('=');
  if (!(name in defaultLimits)) {
    throw new InvalidArgumentError(
      `no limit is named ${name}: take one of ${Object.keys(defaultLimits).join(', ')}`,
    );
  }
  if (value === '' || Number.isNaN(Number(value))) {
    throw new InvalidArgumentError(
      `${name} needs a number, as in ${name}=${defaultLimits[name as keyof Limits]}`,
    );
  }
  return { ...limits, [name]: Number(value) };
}

const { format, runbooks, limit } = new Command('npm run alerts --')
  .description('Prints the alert rules.')
  .addOption(
    new Option('--format <format>', 'a rule file, or a PrometheusRule')
      .choices(Object.keys(FORMATS))
      .default('rules'),
  )
  .option('--runbooks <url>', 'where this repository can be read', '')
  .option('--limit <name=value>', `may be repeated: ${Object.keys(defaultLimits).join(', ')}`, limitOf, {})
  .parse()
  .opts<Options>();
process.stdout.write(FORMATS[format]({ limits: limit, runbooks }));
