/**
 * The four usual definitions of phases, for instances that were filled with the basic data before there were any. Where one has ever
 * been written, the administrators have chosen; where the basic data has been replaced, so may they.
 */
export const usualDefinitions = {
  name: '0054-usual-definitions',
  text: `
insert into project_phase_definitions (name, color, position, start_gate, start_gate_name, created_at, updated_at)
select d.name, d.color, d.position, d.gate is not null, d.gate, {now}, {now}
from (
  select 'Initiating' as name, '#F7983A' as color, 1 as position, cast(null as text) as gate
  union all select 'Planning', '#F05823', 2, 'Ready for Planning'
  union all select 'Executing', '#EC038A', 3, 'Ready for Executing'
  union all select 'Closing', '#B1D13A', 4, 'Ready for Closing'
) d
where not exists (select 1 from revisions where name = 'project_phase_definitions')
  and not exists (select 1 from project_phase_definitions)
  and 2 = (select count(*) from types where name in ('Milestone', 'Summary task'))
  and 2 = (select count(*) from statuses where name in ('In specification', 'To be scheduled'))
  and 2 = (select count(*) from roles where name in ('Project admin', 'Reader'))
order by d.position;

insert into revisions (name, value)
select 'all', 1 where exists (select 1 from project_phase_definitions)
union all select 'project_phase_definitions', 1 where exists (select 1 from project_phase_definitions)
on conflict (name) do update set value = revisions.value + 1;
`,
}
