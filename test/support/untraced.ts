/**
 * Keeps the test runner from following every promise to the test that made it, which takes a quarter of the time of all tests. It has
 * to be loaded before `node:test`. Errors that nobody catches still fail the run, but are told of the file instead of the test.
 */
import asyncHooks, { type AsyncHook } from 'node:async_hooks'

const { createHook } = asyncHooks
let following: AsyncHook | undefined
asyncHooks.createHook = (callbacks) => {
  const hook = createHook(callbacks)
  if (new Error().stack?.includes('node:internal/test_runner')) following = hook
  return hook
}

/** Ends the following. Before that, tests are of the `describe` in which their file is loaded; after it, of none. */
export const untrace = (): void => void following?.disable()
