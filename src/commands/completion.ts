import { Argument, type Command } from 'commander';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

interface Described {
  readonly name: string;
  readonly description: string;
  readonly options: readonly { readonly flag: string; readonly description: string }[];
}

export function addCompletion(program: Command, print: (text: string) => void): void {
  program
    .command('completion')
    .description('a script that completes commands and options: source <(retry-orchestrator completion bash)')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .action((shell: (typeof SHELLS)[number]) => {
      const commands = program.commands.map(describe);
      print(SCRIPTS[shell](program.name(), commands));
    });
}

function describe(command: Command): Described {
  return {
    name: command.name(),
    description: command.description(),
    options: command.options.map(({ long, description }) => ({ flag: long ?? '', description })),
  };
}

const SCRIPTS: Record<(typeof SHELLS)[number], (program: string, commands: readonly Described[]) => string> =
  {
    bash: (program, commands) => `# ${program} completion for bash
_${functionOf(program)}() {
  local word="\${COMP_WORDS[COMP_CWORD]}"
  local words="${commands.map(({ name }) => name).join(' ')}"
  if [ "$COMP_CWORD" -gt 1 ]; then
    case "\${COMP_WORDS[1]}" in
${commands.map(({ name, options }) => `      ${name}) words="${flags(options)}" ;;`).join('\n')}
      *) words="" ;;
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o default -F _${functionOf(program)} ${program}`,

    zsh: (program, commands) => `#compdef ${program}
# ${program} completion for zsh
_${functionOf(program)}() {
  local -a found
  if (( CURRENT == 2 )); then
    found=(
${commands.map(({ name, description }) => `      ${quoted(`${name}:${description}`)}`).join('\n')}
    )
    _describe command found
    return
  fi
  case "$words[2]" in
${commands
  .map(
    ({ name, options }) => `    ${name})
      found=(
${options.map(({ flag, description }) => `        ${quoted(`${flag}:${description}`)}`).join('\n')}
      )
      ;;`,
  )
  .join('\n')}
  esac
  _describe option found
  _files
}
compdef _${functionOf(program)} ${program}`,

    fish: (program, commands) =>
      [
        `# ${program} completion for fish`,
        ...commands.flatMap(({ name, description, options }) => [
          `complete -c ${program} -n __fish_use_subcommand -a ${name} -d ${quoted(description)}`,
          ...options.map(
            ({ flag, description: about }) =>
              `complete -c ${program} -n '__fish_seen_subcommand_from ${name}' -l ${flag.slice(2)} -d ${quoted(about)}`,
          ),
        ]),
      ].join('\n'),
  };

function functionOf(program: string): string {
  return program.replaceAll('-', '_');
}

function flags(options: Described['options']): string {
  return options.map(({ flag }) => flag).join(' ');
}

/** In single quotes, which all three shells take to the letter. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", '’')}'`;
}
