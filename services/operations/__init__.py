"""Operations: what every service's messages are doing, and what a person may do about those that failed."""
