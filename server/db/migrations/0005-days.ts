/** Preferences, working times and reminders of users; and ids for the non-working days of the instance. */
export const days = `
-- Preferences are part of the principal, who is in process anyway: asking for them costs no statement. Null is the default.
alter table principals add column time_zone text;
alter table principals add column disable_keyboard_shortcuts boolean not null default false;
alter table principals add column warn_on_leaving_unsaved boolean not null default true;
alter table principals add column comment_sort_descending boolean not null default false;
alter table principals add column auto_hide_popups boolean not null default true;
alter table principals add column daily_reminders {json};
alter table principals add column immediate_reminders {json};
alter table principals add column pause_reminders {json};
alter table principals add column workdays {json};

alter table non_working_days rename to non_working_dates;
create table non_working_days (
  id {id},
  date {date} not null,
  name text not null
);
create unique index non_working_days_date on non_working_days (date);
insert into non_working_days (date, name) select date, name from non_working_dates order by date;
drop table non_working_dates;

create table user_working_hours (
  id {id},
  user_id integer not null references principals (id) on delete cascade,
  valid_from {date} not null,
  monday_minutes integer not null default 0,
  tuesday_minutes integer not null default 0,
  wednesday_minutes integer not null default 0,
  thursday_minutes integer not null default 0,
  friday_minutes integer not null default 0,
  saturday_minutes integer not null default 0,
  sunday_minutes integer not null default 0,
  availability_factor integer not null default 100
);
create unique index user_working_hours_valid_from on user_working_hours (user_id, valid_from);

create table user_non_working_times (
  id {id},
  user_id integer not null references principals (id) on delete cascade,
  start_date {date} not null,
  end_date {date} not null
);
create index user_non_working_times_user on user_non_working_times (user_id, start_date);

-- One that is not completed is active: there is at most one of a user's for a work package.
create table reminders (
  id {id},
  work_package_id integer not null references work_packages (id) on delete cascade,
  creator_id integer not null references principals (id) on delete cascade,
  remind_at {time} not null,
  note text,
  completed_at {time}
);
create unique index reminders_active on reminders (creator_id, work_package_id) where completed_at is null;
create index reminders_due on reminders (remind_at) where completed_at is null;
create index reminders_work_package on reminders (work_package_id);
`
