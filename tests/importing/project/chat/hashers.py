"""Django's hashers with less work, so that tests take less time."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher, PBKDF2SHA1PasswordHasher


class Quick(PBKDF2PasswordHasher):
    iterations = 50_000


class QuickSHA1(PBKDF2SHA1PasswordHasher):
    iterations = 50_000
