mod create;
mod policy;
mod read;
mod suspend;
