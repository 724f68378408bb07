"""Faults on purpose: crashes at every step, cut wires, full disks, dying replicas, and a soak."""
