/** The seeds: consistent references, and data that follow the product's own rules. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { defaultSettings } from '#kernel/settings.ts'
import { product } from '#server/modules.ts'
import * as basic from '#server/seeds/basic.ts'
import type { ProjectSeed, WorkPackageSeed } from '#server/seeds/demo.ts'
import * as demo from '#server/seeds/demo.ts'
import { showcase } from '#server/seeds/showcase.ts'

const { permissions, projectModules } = product

const names = (rows: readonly { name: string }[]) => rows.map((row) => row.name)
const unknown = (used: readonly string[], known: readonly string[]) => used.filter((name) => !known.includes(name))
const assertUnique = (values: readonly unknown[]) => assert.equal(new Set(values).size, values.length, `${values}`)
const permission = new Map(permissions.map((p) => [p.name, p]))

/** A work package and all its descendants, parents first. */
const withDescendants = (workPackage: WorkPackageSeed): WorkPackageSeed[] => [
  workPackage,
  ...(workPackage.children ?? []).flatMap(withDescendants),
]
const workPackagesOf = (project: ProjectSeed) => project.workPackages.flatMap(withDescendants)

describe('the basic seed', () => {
  const lists = Object.entries({
    statuses: basic.statuses,
    types: basic.types,
    priorities: basic.priorities,
    activities: basic.timeEntryActivities,
    phases: basic.phaseDefinitions,
    roles: basic.roles,
  })

  for (const [list, rows] of lists) {
    test(`${list} have unique names and rising positions`, () => {
      assertUnique(rows.map((row) => row.name.toLowerCase()))
      const positions = rows.map((row) => row.position)
      assert.deepEqual(
        positions,
        positions.map((_, index) => index + (list === 'roles' ? 0 : 1)),
      )
    })
  }

  test('colours are hexadecimal', () => {
    for (const { name, color } of [...basic.statuses, ...basic.types, ...basic.priorities, ...basic.phaseDefinitions]) {
      assert.match(color, /^#[0-9A-F]{6}$/, name)
    }
  })

  test('one status, one priority and one activity is the default; a closed status is not', () => {
    for (const rows of [basic.statuses, basic.priorities, basic.timeEntryActivities]) {
      assert.equal(rows.filter((row) => row.is_default).length, 1)
    }
    assert.equal(basic.statuses.find((status) => status.is_default)?.is_closed, false)
  })

  test('each type has one workflow, between statuses that exist and from the default status on', () => {
    assert.deepEqual(basic.workflows.flatMap((workflow) => workflow.types).sort(), names(basic.types).sort())
    for (const { statuses } of basic.workflows) {
      assertUnique(statuses)
      assert.deepEqual(unknown(statuses, names(basic.statuses)), [])
      assert.ok(statuses.includes('New'))
    }
  })

  test('workflows hold for roles that may edit work packages', () => {
    for (const name of basic.workflowRoles) {
      assert.ok(basic.roles.find((role) => role.name === name)?.permissions.includes('edit_work_packages'), name)
    }
  })

  for (const role of basic.roles) {
    test(`the role ${role.name} has known permissions of its kind, once each, with their dependencies`, () => {
      assertUnique(role.permissions)
      for (const name of role.permissions) {
        const held = permission.get(name)
        assert.ok(held, name)
        assert.ok(held.scopes.includes(role.kind), `${name} in a ${role.kind} role`)
        assert.ok(!held.public, `${name} needs no giving`)
        const missing = (held.dependencies ?? []).filter((d) => !permission.get(d)?.public && !role.permissions.includes(d))
        assert.deepEqual(missing, [], name)
      }
    })
  }

  test('permissions for members belong to members only, and permissions for signed-in users to no anonymous role', () => {
    const required = (builtin: string) =>
      basic.roles.find((role) => role.builtin === builtin)!.permissions.map((name) => permission.get(name)!.require)
    assert.ok(!required('non_member').includes('member'))
    assert.ok(required('anonymous').every((require) => require === undefined))
  })

  test('the project admin has all permissions of a project', () => {
    const all = permissions.filter((p) => p.scopes.includes('project') && !p.public).map((p) => p.name)
    assert.deepEqual(basic.roles.find((role) => role.name === 'Project admin')?.permissions, all)
  })

  test('every builtin role exists once', () => {
    assert.deepEqual(basic.roles.flatMap((role) => role.builtin ?? []).sort(), [
      'anonymous',
      'non_member',
      'project_query_edit',
      'project_query_view',
      'standard_global',
      'work_package_commenter',
      'work_package_editor',
      'work_package_viewer',
    ])
  })

  test('new projects have the default modules', () => {
    const meant = projectModules.filter((module) => module.enabledByDefault)
    assert.deepEqual(defaultSettings.default_projects_modules.toSorted(), names(meant).sort())
  })
})

describe('the demo seed', () => {
  const logins = [basic.admin, ...demo.users].map((user) => user.login)
  const principals = [...logins, ...names(demo.groups), ...demo.placeholderUsers]

  test('has the two projects that clients expect, 13 and 23 work packages, and four versions', () => {
    assert.deepEqual(
      demo.projects.map((project) => [project.identifier, project.name, workPackagesOf(project).length]),
      [
        ['demo-project', 'Demo project', 13],
        ['your-scrum-project', 'Scrum project', 23],
      ],
    )
    assert.deepEqual(names(demo.projects.flatMap((project) => project.versions)), [
      'Bug Backlog',
      'Product Backlog',
      'Sprint 1',
      'Sprint 2',
    ])
  })

  test('all users have unique names and addresses, and groups have users', () => {
    assertUnique(principals)
    assertUnique([basic.admin, ...demo.users].map((user) => user.email))
    assert.deepEqual(
      unknown(
        demo.groups.flatMap((group) => group.users),
        logins,
      ),
      [],
    )
  })

  for (const project of [...demo.projects, showcase]) {
    describe(project.identifier, () => {
      const workPackages = workPackagesOf(project)

      /** The permissions of a user in the project, directly or through a group. */
      const permissionsOf = (principal: string): readonly string[] => {
        const groups = names(demo.groups.filter((group) => group.users.includes(principal)))
        return project.members
          .filter((member) => [principal, ...groups].includes(member.principal))
          .flatMap((member) => member.roles)
          .flatMap((name) => basic.roles.find((role) => role.name === name)!.permissions)
      }

      test('enables modules and types that exist, with the modules they require', () => {
        assertUnique(project.modules)
        assert.deepEqual(unknown(project.modules, names(projectModules)), [])
        const required = projectModules.filter((module) => project.modules.includes(module.name)).flatMap((m) => m.requires)
        assert.deepEqual(unknown(required, project.modules), [])
        assert.deepEqual(unknown(project.types, names(basic.types)), [])
      })

      test('has members who exist, once each, with assignable project roles', () => {
        const givable = basic.roles.filter((role) => role.kind === 'project' && role.builtin === null)
        assertUnique(project.members.map((member) => member.principal))
        for (const { principal, roles } of project.members) {
          assert.ok(principals.includes(principal), principal)
          assert.ok(roles.length > 0)
          assert.deepEqual(unknown(roles, names(givable)), [], principal)
        }
      })

      test('gives work packages available types, statuses, priorities, categories and versions', () => {
        for (const { subject, type, status, priority = 'Normal', category, version } of workPackages) {
          const reachable = basic.workflows.find((workflow) => workflow.types.includes(type))?.statuses ?? []
          assert.ok(project.types.includes(type), subject)
          assert.ok(reachable.includes(status), subject)
          assert.ok(names(basic.priorities).includes(priority), subject)
          assert.ok(category === undefined || names(project.categories).includes(category), subject)
          assert.ok(version === undefined || names(project.versions).includes(version), subject)
        }
      })

      test('assigns work to assignable users, and lets only users watch who see it', () => {
        const assignees = [...project.categories, ...workPackages].flatMap((row) => row.assignee ?? [])
        const responsible = workPackages.flatMap((workPackage) => workPackage.responsible ?? [])
        for (const principal of [...assignees, ...responsible]) {
          assert.ok(permissionsOf(principal).includes('work_package_assigned'), principal)
        }
        for (const watcher of workPackages.flatMap((workPackage) => workPackage.watchers ?? [])) {
          assert.ok(logins.includes(watcher), watcher)
          assert.ok(permissionsOf(watcher).includes('view_work_packages'), watcher)
        }
      })

      test('has working days as dates; parents have no dates of their own, milestones one day and no children', () => {
        for (const { subject, type, start, duration, children } of workPackages) {
          assert.equal(start === undefined, duration === undefined, subject)
          if (start !== undefined) assert.ok(((start % 7) + 7) % 7 < 5, subject)
          if (duration !== undefined) assert.ok(duration > 0, subject)
          if (children) assert.deepEqual([start, duration], [undefined, undefined], subject)
          if (type === 'Milestone') assert.deepEqual([duration, children], [1, undefined], subject)
        }
      })

      test('has progress only with work, and no remaining work on closed work packages', () => {
        const closed = names(basic.statuses.filter((status) => status.is_closed))
        for (const { subject, status, estimated_hours: work, done_ratio: done } of workPackages) {
          if (done !== undefined) assert.ok(work !== undefined && done >= 0 && done <= 100, subject)
          if (work !== undefined && closed.includes(status)) assert.equal(done, 100, subject)
        }
      })

      test('starts no work package before its predecessors end', () => {
        const endOf = ({ start, duration }: demo.WorkPackageSeed) => demo.dueDay(start as number, duration as number)
        for (const { subject, follows = [], start } of workPackages) {
          for (const before of follows) {
            const predecessor = workPackages.find((one) => one.subject === before)
            assert.ok(predecessor && start !== undefined && endOf(predecessor) < start, `${subject} after ${before}`)
          }
        }
      })

      test('has versions that end after they start', () => {
        for (const { name, start, end } of project.versions) {
          if (start !== undefined && end !== undefined) assert.ok(start <= end, name)
        }
      })
    })
  }
})

describe('dueDay', () => {
  const cases = [
    { start: 0, duration: 1, due: 0 },
    { start: 0, duration: 5, due: 4 },
    { start: 4, duration: 2, due: 7 },
    { start: 8, duration: 10, due: 21 },
    { start: -3, duration: 2, due: 0 },
  ]
  for (const { start, duration, due } of cases) {
    test(`${duration} working days from day ${start} end on day ${due}`, () => {
      assert.equal(demo.dueDay(start, duration), due)
    })
  }
})
