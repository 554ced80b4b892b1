import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import type { Command } from 'commander';
import { alertGroups, runbookPage } from '../../../grafana/alerts/rule-file.ts';
import { addLocalCommands } from '../../../src/commands/local-commands.ts';
import { Terminal } from '../../../src/commands/output/terminal.ts';
import { createProgram } from '../../../src/commands/program.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { RUNBOOK, runbookPages, samplesOf, wordsOf } from '../../support/runbook.ts';

const alerts = alertGroups().flatMap((group) => group.alerts);
const pages = runbookPages();
const ofAlerts = pages.filter(({ name }) => name !== 'README');
const program = programOfAll();

test('each alert has a page, and each page an alert', () => {
  expect(ofAlerts.map(({ name }) => runbookPage(name)).sort()).toEqual(
    alerts.map(({ name }) => runbookPage(name)).sort(),
  );
});

test('the index names every page', () => {
  const index = pages.find(({ name }) => name === 'README')!.text;
  expect(alerts.filter(({ name }) => !index.includes(`](${name}.md)`))).toEqual([]);
});

test.each(ofAlerts)('$name has its parts, and says how urgent it is', ({ name, text }) => {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading);
  expect(headings).toEqual([name, 'How bad', 'Look', 'Do', 'Over when']);
  const { severity } = alerts.find((alert) => alert.name === name)!;
  expect(text).toContain(severity === 'page' ? '\n**Page.** ' : '\n**Ticket.** ');
});

describe.each(pages)('$name', ({ name, text }) => {
  test('its links lead somewhere', () => {
    const links = [...text.matchAll(/\]\(([^)#]+)\)/g)].map(([, link = '']) => link);
    expect(links.filter((link) => !link.startsWith('https:') && !existsSync(join(RUNBOOK, link)))).toEqual(
      [],
    );
  });

  test('its commands exist, with these options', () => {
    expect(
      commandsIn(text).flatMap(({ line, words }) => wrongIn(words).map((what) => `${line}: ${what}`)),
    ).toEqual([]);
  });

  test('its samples are not empty', () => {
    const samples = samplesOf({ name, text });
    expect(samples.filter(({ output }) => output.trim() === '')).toEqual([]);
    // None has slipped by for a mistake in its comment.
    expect(samples).toHaveLength(text.split('```console').length - 1);
  });
});

test.each([
  ['retry-orchestrator lock orders', ['no command lock']],
  ['retry-orchestrator locks orders --oldest', ['no option --oldest']],
  ['retry-orchestrator resume orders', ['--reason is missing']],
  ["retry-orchestrator resume orders --reason 'it is back'", []],
])('the check finds what is wrong with %s', (line, wrong) => {
  expect(commandsIn(`\`${line}\``).flatMap(({ words }) => wrongIn(words))).toEqual(wrong);
});

/** In blocks, where a line begins with the command, and within sentences. */
function commandsIn(text: string): { line: string; words: string[] }[] {
  const lines = [
    ...[...text.matchAll(/^(?:\$ )?(retry-orchestrator .+)$/gm)].map(([, line = '']) => line),
    ...[...text.matchAll(/`(retry-orchestrator [^`\n]+)`/g)].map(([, line = '']) => line),
  ];
  return lines.map((line) => ({ line, words: wordsOf(line).slice(1) }));
}

function wrongIn([name = '', ...rest]: readonly string[]): string[] {
  const command = program.commands.find((each) => each.name() === name);
  if (command === undefined) return [`no command ${name}`];
  const given = rest.filter((word) => word.startsWith('--'));
  const unknown = given.filter((flag) => optionsOf(command).every(({ long }) => long !== flag));
  const missing = optionsOf(command).filter(
    ({ mandatory, long }) => mandatory && !given.includes(long ?? ''),
  );
  return [
    ...unknown.map((flag) => `no option ${flag}`),
    ...missing.map(({ long }) => `${long ?? ''} is missing`),
  ];
}

/** With those of its subcommands, as `dead-letters dismiss` has them. */
function optionsOf(command: Command): Command['options'] {
  return [command, ...command.commands].flatMap(({ options }) => options);
}

function programOfAll(): Command {
  const nowhere = new Writable();
  const terminal = new Terminal({
    stdin: process.stdin,
    stdout: nowhere,
    stderr: Object.assign(nowhere, { isTTY: false }),
    noColor: true,
  });
  const deps = { env: {}, terminal, clock: new FakeClock(0), fetch: globalThis.fetch, nonce: () => '' };
  return createProgram(deps, (into) => {
    addLocalCommands(into, {});
  });
}
