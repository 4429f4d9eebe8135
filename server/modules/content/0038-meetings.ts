/** Meetings of a project, their participants and agendas. */
export const meetings = {
  name: '0038-meetings',
  text: `
create table meetings (
  id {id},
  project_id integer not null references projects (id),
  title text not null,
  location text,
  start_time {time} not null,
  duration {float} not null default 1,
  end_time {time} not null,
  state text not null default 'open',
  author_id integer not null references principals (id),
  lock_version integer not null default 0,
  created_at {time} not null,
  updated_at {time} not null
);
create index meetings_project on meetings (project_id, start_time);
create index meetings_author on meetings (author_id);

create table meeting_versions (
  journal_id integer primary key references journals (id) on delete cascade,
  version integer not null,
  valid_from {time} not null,
  valid_until {time},
  id integer not null,
  project_id integer not null,
  title text not null,
  location text,
  start_time {time} not null,
  duration {float} not null,
  end_time {time} not null,
  state text not null,
  author_id integer not null,
  lock_version integer not null,
  created_at {time} not null,
  updated_at {time} not null
);
create unique index meeting_versions_version on meeting_versions (id, version);

-- The role is 'invited' or 'attended'; somebody may have both.
create table meeting_participants (
  meeting_id integer not null references meetings (id) on delete cascade,
  role text not null,
  user_id integer not null references principals (id) on delete cascade,
  primary key (meeting_id, role, user_id)
);
create index meeting_participants_user on meeting_participants (user_id);

create table meeting_agenda_items (
  id {id},
  meeting_id integer not null references meetings (id),
  position integer,
  title text not null,
  duration_in_minutes integer,
  notes text,
  work_package_id integer references work_packages (id),
  presenter_id integer references principals (id),
  created_at {time} not null,
  updated_at {time} not null
);
create index meeting_agenda_items_meeting on meeting_agenda_items (meeting_id, position);
create index meeting_agenda_items_work_package on meeting_agenda_items (work_package_id);
create index meeting_agenda_items_presenter on meeting_agenda_items (presenter_id);
`,
}
