/**
 * Keeps the test runner from tracing every promise to its test, which takes a quarter of the time of all tests. It has
 * to be loaded before `node:test`. Uncaught errors still fail the run, but are reported for the file instead of the test.
 */
import asyncHooks, { type AsyncHook } from 'node:async_hooks'

const { createHook } = asyncHooks
let following: AsyncHook | undefined
asyncHooks.createHook = (callbacks) => {
  const hook = createHook(callbacks)
  if (new Error().stack?.includes('node:internal/test_runner')) following = hook
  return hook
}

/** Ends the tracing. Before that, tests belong to the `describe` in which their file is loaded; after it, to none. */
export const untrace = (): void => void following?.disable()
