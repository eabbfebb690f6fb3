mod create;
mod end;
mod list;
mod quota;
mod read;
mod scale;
mod update;
