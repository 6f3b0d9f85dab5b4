"""What `pip install .` takes along; all else about the package is in pyproject.toml."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["chat", "chat.*", "config"]), "chat.page"],
    package_dir={"chat.page": "web"},
    package_data={"chat.page": ["*"], "chat.docs": ["*.css"]},
)
