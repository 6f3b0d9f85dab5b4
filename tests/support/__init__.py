"""What tests share: private servers, and people who talk to them."""
