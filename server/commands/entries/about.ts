/** Commands about the program and its configuration. */
import type { Commands } from '#server/commands/command.ts'
import { ALL } from './options.ts'

export const about: Commands = {
  'config check': {
    meaning: 'check flags, variables and the configuration file, without starting anything',
    options: ALL,
    run: async (invocation) => (await import('../config.ts')).checkConfig(invocation),
  },
  'config print': {
    meaning: 'print the value of each option and where it comes from; secrets are blotted out',
    options: ALL,
    json: true,
    run: async (invocation) => (await import('../config.ts')).printConfig(invocation),
  },
  openapi: {
    meaning: 'print the OpenAPI document as JSON or YAML',
    options: [],
    flags: { yaml: { meaning: 'print YAML' } },
    run: async (invocation) => (await import('../openapi.ts')).printDocument(invocation),
  },
  version: {
    meaning: 'print the version',
    options: [],
    json: true,
    run: async (invocation) => (await import('../version.ts')).showVersion(invocation),
  },
}
