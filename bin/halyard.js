#!/usr/bin/env node
/** The command `halyard`. Plain JavaScript, so that a Node too old for the rest can still start the right one, or say so. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
// Not by name: an older Node has no enableCompileCache, and would stop at that.
import module from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const OLDEST_NODE = 26
/** Under load, 80 MB less memory at the same speed. */
const FLAGS = ['--max-semi-space-size=8']
const script = fileURLToPath(import.meta.url)

if (Number.parseInt(process.versions.node, 10) >= OLDEST_NODE) {
  // Started by the other half of this script, it ends with that, however that ends; by itself it does not wait for it.
  if (process.connected === false) process.exit(1)
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  process.channel?.unref()
  // Compiled code is kept only where nobody but the package's owner can put any.
  module.enableCompileCache(join(dirname(script), '../node_modules/.cache/halyard'))
  const bundle = join(dirname(script), '../dist/server/main.js')
  const { main } = await import(existsSync(bundle) ? bundle : '../server/main.ts')
  // Whoever reads the output may have seen enough, such as `head`.
  process.stdout.on('error', (error) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(1)
  })
  await main(process.argv.slice(2), process.env)
} else {
  const node = packagedNode()
  if (node !== undefined && existsSync(node)) {
    // The process becomes the other one where the platform can do that.
    if (typeof process.execve === 'function')
      process.execve(node, [node, ...FLAGS, script, ...process.argv.slice(2)], process.env)
    await runWith(node)
  } else {
    const isUnscripted = node !== undefined
    const remedy = isUnscripted
      ? ' The one that comes with it was not set up, as its install script did not run: npm rebuild node --ignore-scripts=false'
      : ''
    console.error(`Halyard needs Node ${OLDEST_NODE} or newer, and this is Node ${process.versions.node}.${remedy}`)
    process.exitCode = 1
  }
}

/** Where the Node is that comes with the package as one of its dependencies; undefined if that is not installed. */
function packagedNode() {
  try {
    const description = module.createRequire(import.meta.url).resolve('node/package.json')
    return join(dirname(description), 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  } catch {
    return undefined
  }
}

/** Runs this script again with another Node, and ends as it ends. */
function runWith(node) {
  // The channel says nothing, but closes when this process ends, even where that is killed.
  const child = spawn(node, [...FLAGS, script, ...process.argv.slice(2)], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  return new Promise((resolve) => {
    child.once('error', (error) => {
      console.error(`${node} could not be started: ${error.message}`)
      process.exitCode = 1
      resolve()
    })
    child.once('exit', (code, signal) => {
      process.exitCode = code ?? 128 + constants.signals[signal]
      resolve()
    })
  })
}
