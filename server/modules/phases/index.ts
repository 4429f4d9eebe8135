/** Phases of projects. */
import { module } from '#kernel/module.ts'
import { projectPhases } from './0040-project-phases.ts'
import { usualDefinitions } from './0054-usual-definitions.ts'
import { ProjectPhaseDefinition } from './definitions.ts'
import { demo } from './demo.ts'
import { operations, ProjectPhase } from './phases.ts'
import { additions, projectExtension } from './projects.ts'
import { workPackageExtension } from './work-packages.ts'

export const phases = module('phases', {
  needs: ['projects', 'work-packages'],
  chapters: [
    {
      part: 'Projects',
      name: 'Project phases',
      description:
        'Phases that projects pass through. Administrators define them; each project selects its own and gives them dates.',
      of: ['ProjectPhase', 'ProjectPhaseDefinition'],
    },
  ],
  migrations: [projectPhases, usualDefinitions],
  resources: [ProjectPhaseDefinition, ProjectPhase],
  operations,
  extends: [projectExtension, workPackageExtension],
  additions,
  demo,
})
