"""What `pip install .` copies besides the code; pyproject.toml says everything else."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["chat", "chat.*", "config"]), "chat.page"],
    package_dir={"chat.page": "web"},
    package_data={"chat.page": ["*", "client/*"], "chat.docs": ["*.css"], "chat.text": ["*.txt"]},
)
