"""Speed and memory of the exporter, measured in fresh processes: ``python -m benchmarks`` prints the README's table."""
