/** Notifications, with their reasons, and notification settings. */
export const notifications = `
-- Whether somebody may still have to be told of the entry: the task that tells them takes it from here.
alter table journals add column unannounced boolean not null default false;
create index journals_unannounced on journals (id) where unannounced;

create table notifications (
  id {id},
  recipient_id integer not null references principals (id) on delete cascade,
  -- Empty where time alone brought it about.
  actor_id integer references principals (id),
  work_package_id integer not null references work_packages (id) on delete cascade,
  reason text not null,
  -- Empty for what is not to be shown in the application.
  read_ian boolean default false,
  journal_id integer references journals (id) on delete cascade,
  -- Whether the entry is seen only by those who may read internal comments.
  internal boolean not null default false,
  reminder_id integer references reminders (id) on delete cascade,
  -- Of an alert: the property whose date it is about, and the day it was raised.
  alert text,
  alerted_on {date},
  created_at {time} not null,
  updated_at {time} not null
);
create unique index notifications_journal on notifications (journal_id, recipient_id) where journal_id is not null;
create unique index notifications_alert on notifications (recipient_id, work_package_id, alert, alerted_on) where alerted_on is not null;
create index notifications_recipient on notifications (recipient_id, id);
create index notifications_work_package on notifications (work_package_id);
create index notifications_actor on notifications (actor_id) where actor_id is not null;
create index notifications_reminder on notifications (reminder_id) where reminder_id is not null;

-- What somebody wants to be told of: in general, and in single projects instead of that. No row is the default.
create table notification_settings (
  id {id},
  user_id integer not null references principals (id) on delete cascade,
  project_id integer references projects (id) on delete cascade,
  watched boolean not null default false,
  assignee boolean not null default false,
  responsible boolean not null default false,
  mentioned boolean not null default false,
  shared boolean not null default false,
  work_package_created boolean not null default false,
  work_package_commented boolean not null default false,
  work_package_processed boolean not null default false,
  work_package_prioritized boolean not null default false,
  work_package_scheduled boolean not null default false,
  news_added boolean not null default false,
  news_commented boolean not null default false,
  document_added boolean not null default false,
  forum_messages boolean not null default false,
  wiki_page_added boolean not null default false,
  wiki_page_updated boolean not null default false,
  membership_added boolean not null default false,
  membership_updated boolean not null default false,
  -- Days before a date, and the days between one alert and the next after it.
  start_date integer,
  due_date integer,
  overdue integer
);
create unique index notification_settings_global on notification_settings (user_id) where project_id is null;
create unique index notification_settings_project on notification_settings (project_id, user_id) where project_id is not null;
create index notification_settings_user on notification_settings (user_id);

-- The last day for which the people of a time zone got their alerts.
create table date_alert_days (
  time_zone text primary key,
  day {date} not null
);

-- Whom a work package is shared with.
create index memberships_entity on memberships (entity_id) where entity_type is not null;
`
