/**
 * Loaded before the test runner, keeps it from following every promise to the test that made it, which takes a quarter of the time of
 * all tests. Errors that nobody catches still fail the run, but are told of the file instead of the test.
 */
import asyncHooks from 'node:async_hooks'

const { createHook } = asyncHooks
asyncHooks.createHook = (callbacks) => {
  const hook = createHook(callbacks)
  if (new Error().stack?.includes('node:internal/test_runner')) hook.enable = () => hook
  return hook
}
