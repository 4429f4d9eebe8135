/** Help texts of attributes. */
import { module } from '#kernel/module.ts'
import { helpTexts } from './0039-help-texts.ts'
import { demo } from './demo.ts'
import { HelpText, removals } from './help-texts.ts'

export const helpTextsModule = module('help-texts', {
  needs: ['instance', 'custom-fields', 'files'],
  chapters: [
    {
      part: 'The instance',
      name: 'Help texts',
      description: 'Explanations of the attributes of work packages and projects.',
      of: ['HelpText'],
    },
  ],
  migrations: [helpTexts],
  resources: [HelpText],
  removals,
  demo,
})
