/** The command `halyard`, run in the process of the test. A file that uses it has its process to itself: see `scripts/test.ts`. */
import assert from 'node:assert/strict'
import type { Invocation } from '#server/commands/command.ts'
import { ALL } from '#server/commands/entries/options.ts'
import { runCommand } from '#server/commands/program.ts'
import type { Config } from '#server/config/read.ts'
import type { Environment } from '#server/config/sources.ts'
import { main } from '#server/main.ts'

/**
 * Runs a command to its end: the same as `halyard`, but in this process, because loading the program for each command takes most of
 * the time. Its output is captured; the test runner's own output meanwhile is bytes.
 */
export async function run(...args: string[]) {
  const text = { out: '', err: '' }
  let code = 0
  const { stdout, stderr, exit, exitCode } = process
  const caught = (stream: NodeJS.WriteStream, name: keyof typeof text) => {
    const write = stream.write.bind(stream)
    stream.write = ((chunk: unknown, ...more: []) => {
      if (typeof chunk !== 'string') return write(chunk as string, ...more)
      text[name] += chunk
      return true
    }) as typeof stream.write
    return () => {
      stream.write = write
    }
  }
  const restored = [caught(stdout, 'out'), caught(stderr, 'err')]
  process.exit = ((status = 0) => {
    code = Number(status)
  }) as typeof process.exit
  try {
    await main(args, process.env)
    return { code: code || Number(process.exitCode ?? 0), ...text }
  } finally {
    for (const restore of restored) restore()
    process.exit = exit
    process.exitCode = exitCode
  }
}

/** Runs a command that must succeed; gives its output. */
export async function succeed(...args: string[]): Promise<string> {
  const { code, out, err } = await run(...args)
  assert.equal(code, 0, err)
  return out
}

/** The command line of a command that accepts all options and these words, as the command gets it. */
export async function invoked(
  args: readonly string[],
  environment: Environment = {},
  words: readonly string[] = [],
): Promise<Invocation> {
  let found: Invocation | undefined
  const run = async (invocation: Invocation) => {
    found = invocation
  }
  await runCommand({ probe: { meaning: 'nothing', options: ALL, words, run } }, ['probe', ...args], environment)
  return found ?? assert.fail('the command did not run')
}

/** The configuration of a command line. */
export const configOf = async (args: readonly string[], environment?: Environment): Promise<Config> =>
  (await invoked(args, environment)).config
