-- Each event's sum is made of its own text and of the sum before it, so that a bit that
-- flipped on the disk is found.  Events of older schemas have none.
ALTER TABLE event ADD COLUMN sum INTEGER;
