"""What a team agreed to: the policy, the lock of what was approved, and what changed since."""
